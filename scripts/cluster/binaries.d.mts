export declare function whyNoCluster(): string | undefined;
