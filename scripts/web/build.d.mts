export const sizeLimit: number;
export function buildPage(): Promise<string>;
