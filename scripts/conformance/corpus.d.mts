export interface CorpusCase {
  readonly name: string;
  readonly folder: string;
  /** From a corpus beside the repository. */
  readonly isNewer: boolean;
}

export const corpusFolder: string;

export function corpusCases(
  kind: "cases" | "flows" | "flows-nft" | "hostport" | "dns" | "ingress",
): readonly CorpusCase[];
