interface CatalogEntry {
  readonly severity: string;
  readonly message: string;
  readonly explanation?: string;
  readonly hint?: string;
}

export function renderDocs(input: {
  readonly sources: ReadonlyMap<string, string>;
  readonly catalog: Readonly<Record<string, CatalogEntry>>;
  readonly style: { readonly text: string; readonly nonce: string };
  readonly isInRepository?: (path: string) => boolean;
}): { readonly pages: ReadonlyMap<string, string>; readonly problems: readonly string[] };
