/** What the catalog holds of one code. */
export interface CatalogEntry {
  readonly severity: "error" | "warning" | "info";
  /** One sentence; {names} are filled in where it is reported. */
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
  /** The long text of `portolan explain CODE`: what happens, why, and where that is written. */
  readonly explanation: string;
}

export type CatalogPart = Readonly<Record<string, CatalogEntry>>;
