import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { notInstalled } from "../../changes/found/dump-doubts.ts";
import { runOnHost } from "../node/run-step.ts";
import { type SourceResult, sourceOf } from "./read-sources.ts";

export const kustomizePrefix = "kustomize:";

/** What `kubectl kustomize DIR` prints, for `kustomize:DIR`. */
export async function readKustomize(name: string): Promise<SourceResult> {
  const directory = name.slice(kustomizePrefix.length);
  if (directory === "" || directory.startsWith("-"))
    return { kind: "unreadable", name, reason: "name a directory that has a kustomization" };
  const { stdout, failure } = await runOnHost(["kubectl", "kustomize", directory], "");
  if (failure === undefined) return sourceOf(name, new TextEncoder().encode(stdout));
  const reason = failure === notInstalled ? "kubectl is not installed" : whyOf(failure);
  return { kind: "unreadable", name, reason };
}

/** kubectl writes this one as a line of a log. */
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
