/** A text that was read, and its name in messages. */
export interface SourceText {
  readonly name: string;
  readonly text: string;
}

/** One document of the input. Its value goes to the compiler; the rest finds places in its text again. */
export interface SourceDocument {
  readonly value: unknown;
  readonly source: SourceText;
  readonly form: DocumentForm;
}

export type DocumentForm =
  /** The n-th of the documents of a YAML text that are not empty, from 0. */
  | { readonly kind: "yaml"; readonly index: number }
  /** JSON that starts at an offset. */
  | { readonly kind: "json"; readonly start: number }
  /** A text within a document: the configuration in a ConfigMap. */
  | {
      readonly kind: "embedded";
      readonly within: SourceDocument;
      readonly path: readonly string[];
      /** Of a syntax error in it; undefined where it has a value. */
      readonly problemAt: number | undefined;
    }
  /** Generated for an object of another document: every place in it is that of the object. */
  | { readonly kind: "made"; readonly within: SourceDocument; readonly path: readonly (string | number)[] }
  /** A part of another document: places in it are relative to the path. */
  | { readonly kind: "part"; readonly within: SourceDocument; readonly path: readonly (string | number)[] }
  /** A tool's text, which has lines and no fields: a path into it is the number of a line. */
  | { readonly kind: "lines" }
  /** No document: the place of a syntax error. */
  | { readonly kind: "problem"; readonly offset: number }
  /** No place at all: a file that cannot be read. */
  | { readonly kind: "none" };

/** The file that holds settings for Portolan, in a directory that may hold manifests too. */
export const settingsName = ".portolan.yaml";

/** Whether a file of a directory is read as a manifest. */
export function isManifest(path: string): boolean {
  return /\.(?:ya?ml|json)$/.test(path) && path.split("/").at(-1) !== settingsName;
}
