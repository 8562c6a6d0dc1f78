import type { ProxyMode } from "../../src/model/proxy-configuration/proxy-configuration.ts";

export declare const modes: readonly ProxyMode[];
export declare const tracedModes: readonly ProxyMode[];
export declare function generateCase(directory: string, workspace: string): Promise<Map<string, string>>;
export declare function storedFiles(directory: string): Map<string, string>;
