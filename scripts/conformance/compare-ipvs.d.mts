export function plainSet(line: string): string;
