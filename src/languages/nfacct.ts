import { type HostLanguage, parseParts } from "./language.ts";

export const countersCommand = "nfacct list";

/** Names of counters, a line each. */
export const nfacct: HostLanguage<readonly string[]> = {
  id: "nfacct",
  files: [{ name: "nfacct.counters", heading: "nfacct add" }],
  collect: [{ command: countersCommand }],
  forms: [],
  parse: (parts) =>
    parseParts(parts, (text) => ({ values: text.split("\n").filter((line) => line !== ""), problems: [] })),
  write: (names) => names.map((name) => `${name}\n`).join(""),
};

/** The names in the output of `nfacct list`. */
export function parseCounters(listed: string): ReadonlySet<string> {
  return new Set([...listed.matchAll(/= (\S+);$/gm)].map(([, name]) => name as string));
}
