import { accessSync, constants, readdirSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { notInstalled } from "../../ir/artifact.ts";

import { createRun, toolTimes } from "../run-step.ts";
import { unfitReason } from "./read-bytes.ts";
import { readSources, reasonOf, type SourceResult, sourceOf } from "./read-sources.ts";

/** The content of a path, before its texts are parsed. */
export type FoundSource =
  | { readonly kind: "file"; readonly result: SourceResult }
  | {
      readonly kind: "folder";
      /** Files in it, and in the folders in it (`node1/iptables.restore`), sorted. */
      readonly names: readonly string[];
      readonly read: (name: string) => Promise<SourceResult>;
    }
  /** The git commit exists, but does not contain the path. */
  | { readonly kind: "absent" }
  | { readonly kind: "unreadable"; readonly reason: string };

/** Looks at a file, a folder, `-` or `git:REF[:PATH]`. */
export async function findSource(name: string): Promise<FoundSource> {
  if (name.startsWith(kustomizePrefix)) return { kind: "file", result: await readKustomize(name) };
  if (name.startsWith("git:")) return findGitSource(name);
  try {
    if (name === "-" || !statSync(name).isDirectory()) return { kind: "file", result: onlyOf(name) };
    const names = readdirSync(name, { withFileTypes: true })
      .flatMap((entry) =>
        entry.isDirectory() ? readdirSync(join(name, entry.name)).map((file) => `${entry.name}/${file}`) : [entry.name],
      )
      .filter((file) => isFit(join(name, file)));
    return { kind: "folder", names: names.sort(), read: async (file) => onlyOf(join(name, file)) };
  } catch (error) {
    return { kind: "unreadable", reason: reasonOf(error) };
  }
}

/** A link to nothing is found too: an error says so once it is read. */
function isFit(path: string): boolean {
  try {
    return unfitReason(path) === undefined;
  } catch {
    return true;
  }
}

async function findGitSource(name: string): Promise<FoundSource> {
  const { findInGit } = await import("./read-git.ts");
  const found = await findInGit(name);
  switch (found.kind) {
    case "blob":
      return { kind: "file", result: await found.read() };
    case "tree":
      return { kind: "folder", names: found.names, read: found.read };
    case "absent":
      return { kind: "absent" };
    case "unreadable":
      return { kind: "unreadable", reason: found.reason };
  }
}

function onlyOf(name: string): SourceResult {
  const [result] = readSources(name, false);
  return result ?? { kind: "unreadable", name, reason: "it is a directory" };
}

export const kustomizePrefix = "kustomize:";

/** A kustomization may load its bases from elsewhere. */
const runKubectl = createRun({ ...toolTimes, most: 600_000 });

/** What `kubectl kustomize DIR` prints, for `kustomize:DIR`. */
export async function readKustomize(name: string): Promise<SourceResult> {
  const directory = name.slice(kustomizePrefix.length);
  if (directory === "" || directory.startsWith("-"))
    return { kind: "unreadable", name, reason: "pass a directory that has a kustomization" };
  const { stdout, failure } = await runKubectl(["kubectl", "kustomize", directory], "");
  if (failure === undefined) return sourceOf(name, new TextEncoder().encode(stdout));
  const reason = failure === notInstalled ? "kubectl is not installed" : whyOf(failure);
  return { kind: "unreadable", name, reason };
}

/** kubectl writes this error as a log line. */
function whyOf(failure: string): string {
  const [, quoted] = /err="((?:[^"\\]|\\.)*)"/.exec(failure) ?? [];
  return quoted?.replace(/\\(.)/g, "$1") ?? failure.replace(/^exit \d+: (?:error: )?/, "");
}

/** Whether a program is on the PATH. */
export function isOnPath(program: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
