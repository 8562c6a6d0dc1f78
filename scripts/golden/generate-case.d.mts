export declare function generateCase(directory: string, workspace: string): Promise<Map<string, string>>;
export declare function storedFiles(directory: string): Map<string, string>;
export declare function goldenCases(root: string): string[];
