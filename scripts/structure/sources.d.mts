export interface Edge {
  readonly from: string;
  readonly to: string;
  readonly line: number;
  readonly kind: "static" | "type" | "re-export" | "dynamic";
}

export interface Source {
  readonly path: string;
}

export function readTexts(root: string): ReadonlyMap<string, string>;
export function parseSources(texts: ReadonlyMap<string, string>): readonly Source[];
export function edgesOf(sources: readonly Source[]): readonly Edge[];
