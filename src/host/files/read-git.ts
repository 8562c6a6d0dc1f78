import { execa } from "execa";
import { isManifest } from "../../model/documents/source.ts";
import { type SourceResult, sourceOf } from "./read-sources.ts";

/** Reads `git:REF[:PATH]` from git's objects, without a checkout; a directory gives its manifests. */
export async function readGitSources(name: string, recursive: boolean): Promise<readonly SourceResult[]> {
  const found = await findInGit(name);
  if (found.kind === "absent") return [{ kind: "unreadable", name, reason: found.reason }];
  if (found.kind === "unreadable") return [found];
  if (found.kind === "blob") return [await found.read()];
  const files = found.names.filter((file) => isManifest(file) && (recursive || !file.includes("/")));
  if (files.length === 0) return [{ kind: "empty", name, reason: "it contains no .yaml, .yml or .json file" }];
  return Promise.all(files.map(found.read));
}

export type GitObject =
  | { readonly kind: "blob"; readonly read: () => Promise<SourceResult> }
  /** `names` are those of all files below, sorted. */
  | { readonly kind: "tree"; readonly names: readonly string[]; readonly read: (name: string) => Promise<SourceResult> }
  /** The commit exists, but does not contain the path. */
  | { readonly kind: "absent"; readonly reason: string }
  | { readonly kind: "unreadable"; readonly name: string; readonly reason: string };

/** Looks up `git:REF[:PATH]`. */
export async function findInGit(name: string): Promise<GitObject> {
  const [, ref = "", path = ""] = /^git:([^:]*)(?::(.*))?$/s.exec(name) ?? [];
  if (ref === "" || ref.startsWith("-"))
    return { kind: "unreadable", name, reason: "expected git:REF or git:REF:PATH" };
  const directory = path.replace(/^\.\/|\/+$/g, "").replace(/^\.$/, "");
  const type = await git("cat-file", "-t", `${ref}:${directory}`);
  if (typeof type === "string") {
    const isCommit = typeof (await git("cat-file", "-e", `${ref}^{tree}`)) !== "string";
    return { kind: isCommit ? "absent" : "unreadable", name, reason: type };
  }
  if (new TextDecoder().decode(type).trim() !== "tree") return { kind: "blob", read: () => readBlob(ref, directory) };
  const listing = await git("ls-tree", "-z", "-r", "--name-only", "--full-tree", `${ref}:${directory}`);
  if (typeof listing === "string") return { kind: "unreadable", name, reason: listing };
  const names = new TextDecoder()
    .decode(listing)
    .split("\0")
    .filter((file) => file !== "")
    .sort();
  const prefix = directory === "" ? "" : `${directory}/`;
  return { kind: "tree", names, read: (file) => readBlob(ref, prefix + file) };
}

async function readBlob(ref: string, path: string): Promise<SourceResult> {
  const name = `git:${ref}:${path}`;
  const content = await git("cat-file", "blob", `${ref}:${path}`);
  return typeof content === "string" ? { kind: "unreadable", name, reason: content } : sourceOf(name, content);
}

/** The names of branches and tags, and HEAD; empty outside a repository. */
export async function readGitRefs(): Promise<readonly string[]> {
  const listing = await git("for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/remotes", "refs/tags");
  if (typeof listing === "string") return [];
  return [
    "HEAD",
    ...new TextDecoder()
      .decode(listing)
      .split("\n")
      .filter((ref) => ref !== ""),
  ];
}

/** What git printed, or why it failed. */
async function git(...args: readonly string[]): Promise<Uint8Array | string> {
  const result = await execa("git", args, {
    reject: false,
    encoding: "buffer",
    stripFinalNewline: false,
    maxBuffer: 2 ** 30,
  });
  if (!result.failed && result.stdout !== undefined) return result.stdout;
  if (result.code === "ENOENT") return "git is not installed";
  const said = new TextDecoder().decode(result.stderr).trim().split("\n")[0] ?? "";
  return said.replace(/^fatal: /, "") || (result.shortMessage ?? "git failed");
}
