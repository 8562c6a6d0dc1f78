/** What is wrong with a line of a tool's text, counted from 1. */
export interface TextProblem {
  readonly line: number;
  readonly message: string;
}

/** In whose language a text is: that of a tool for one family's rules, for sets, for virtual servers, for addresses. */
export type TextTool = "iptables" | "ip6tables" | "ipset" | "ipvs" | "addresses";

/** The tool for the rules of a family, which the names of its `-save` and `-restore` begin with. */
export const toolNames = { ipv4: "iptables", ipv6: "ip6tables" } as const;

/** Which files of a script, as `--out-dir` names them, are in whose language, in the order a host takes them in. */
export const toolsByFile: ReadonlyMap<string, TextTool> = new Map([
  ["iptables.restore", "iptables"],
  ["iptables.jumps", "iptables"],
  ["ip6tables.restore", "ip6tables"],
  ["ip6tables.jumps", "ip6tables"],
  ["ipset.restore", "ipset"],
  ["ipvs.restore", "ipvs"],
  ["addresses.batch", "addresses"],
]);
