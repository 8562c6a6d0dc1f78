export declare function whyNoCluster(): string | undefined;
export declare function binaryPath(name: string): string;
export declare const clusterFolder: string;
