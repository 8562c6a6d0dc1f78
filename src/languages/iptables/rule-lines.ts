/** The built-in chains, where packets enter a table. */
export const builtInChains: ReadonlySet<string> = new Set(["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]);

/** The chain that a rule jumps to (`-j` or `-g`); undefined for any other target. */
export function targetOf(line: string): string | undefined {
  return /(?:^|\s)-[jg] (\S+)/.exec(withoutQuoted(line))?.[1];
}

/** The rule's comments, in order. */
export function commentsOf(line: string): readonly string[] {
  return [...line.matchAll(/--comment (?:"((?:[^"\\]|\\.)*)"|(\S+))/g)].map(
    ([, quoted, bare]) => quoted?.replace(/\\(.)/g, "$1") ?? bare ?? "",
  );
}

/** The rule without its comments. */
export function withoutComments(line: string): string {
  return line.replace(/ -m comment(?: --comment (?:"(?:[^"\\]|\\.)*"|\S+))?/g, "");
}

/** Quoted text may contain anything, including what looks like a target. */
function withoutQuoted(line: string): string {
  return line.includes('"') ? line.replace(/"(?:[^"\\]|\\.)*"/g, "") : line;
}

/** The command that deletes a rule by its text; `line` is as iptables-save prints it. */
export function deleteRule(line: string): string {
  return line.replace(/^-A /, "-D ");
}

/** The command that inserts a rule at a position of its chain, counted from 1. */
export function insertRule(line: string, chain: string, position: number): string {
  return `-I ${chain} ${position}${line.slice(`-A ${chain}`.length)}`;
}
