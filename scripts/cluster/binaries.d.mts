export declare function whyNoCluster(): string | undefined;
export declare function binaryPath(name: string): string;
