export function readRules(text: string): Map<string, string[]>;
export function comparedChains(chains: ReadonlyMap<string, string[]>): Map<string, string[]>;
