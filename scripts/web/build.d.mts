/** The most that a visitor loads of the playground, in bytes after gzip. */
export const sizeLimit: number;
export function buildPage(): Promise<string>;
/** The pages of the documentation by path, and a sentence for each broken link. */
export function buildDocs(): Promise<{
  readonly pages: ReadonlyMap<string, string>;
  readonly problems: readonly string[];
}>;
