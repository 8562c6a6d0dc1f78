interface Page {
  readonly name: string;
  readonly text: string;
  readonly description: string;
  /** The page that lists it; undefined: the navigation does. */
  readonly parent?: string;
}

export interface Section {
  readonly heading: string;
  readonly pages: readonly Page[];
}

export function renderDocs(input: {
  readonly sections: readonly Section[];
  readonly style: { readonly text: string; readonly nonce: string };
  readonly repository: { readonly has: (path: string) => boolean; readonly read: (path: string) => string };
  readonly showState: (text: string) => { readonly title: string; readonly hash: string };
}): { readonly pages: ReadonlyMap<string, string>; readonly problems: readonly string[] };
