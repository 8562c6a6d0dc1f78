/** The declarations of what src/index.ts exports, as text. */
export function apiReport(): string;
/** Where the accepted report is kept. */
export const reportPath: string;
