/** The command that deletes a rule by what it says; `line` is as iptables-save prints it. */
export function deleteRule(line: string): string {
  return line.replace(/^-A /, "-D ");
}

/** The command that puts a rule at a position of its chain, counted from 1. */
export function insertRule(line: string, chain: string, position: number): string {
  return `-I ${chain} ${position}${line.slice(`-A ${chain}`.length)}`;
}
