import { execa } from "execa";
import { type SourceResult, sourceOf } from "./read-sources.ts";

/** Reads `git:REF[:PATH]` from git's objects, without a checkout; a directory gives its manifests. */
export async function readGitSources(name: string, recursive: boolean): Promise<readonly SourceResult[]> {
  const [, ref = "", path = ""] = /^git:([^:]*)(?::(.*))?$/s.exec(name) ?? [];
  if (ref === "" || ref.startsWith("-")) return [{ kind: "unreadable", name, reason: "write git:REF or git:REF:PATH" }];
  const directory = path.replace(/^\.\/|\/+$/g, "").replace(/^\.$/, "");
  const type = await git("cat-file", "-t", `${ref}:${directory}`);
  if (typeof type === "string") return [{ kind: "unreadable", name, reason: type }];
  if (new TextDecoder().decode(type).trim() !== "tree") return [await readBlob(ref, directory)];
  const listing = await git(
    "ls-tree",
    "-z",
    "--name-only",
    "--full-tree",
    ...(recursive ? ["-r"] : []),
    `${ref}:${directory}`,
  );
  if (typeof listing === "string") return [{ kind: "unreadable", name, reason: listing }];
  const prefix = directory === "" ? "" : `${directory}/`;
  const files = new TextDecoder()
    .decode(listing)
    .split("\0")
    .filter((file) => /\.(?:ya?ml|json)$/.test(file))
    .sort();
  if (files.length === 0) return [{ kind: "empty", name, reason: "no .yaml, .yml or .json file in it" }];
  return Promise.all(files.map((file) => readBlob(ref, prefix + file)));
}

async function readBlob(ref: string, path: string): Promise<SourceResult> {
  const name = `git:${ref}:${path}`;
  const content = await git("cat-file", "blob", `${ref}:${path}`);
  return typeof content === "string" ? { kind: "unreadable", name, reason: content } : sourceOf(name, content);
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
