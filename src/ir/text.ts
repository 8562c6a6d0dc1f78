/** How a tool is spoken: the languages of languages/registry.ts. */
export type LanguageId =
  | "iptables"
  | "ipset"
  | "ipvs"
  | "ipvs-timeouts"
  | "iproute"
  | "sysctl"
  | "nfacct"
  | "conntrack";

/** A text of a tool, and what to call it when a line of it is named: `iptables.restore`, `node1.save`. */
export interface TextPart {
  readonly file: string;
  readonly text: string;
}

/** What is wrong with a line of a tool's text, counted from 1. */
export interface TextProblem {
  readonly line: number;
  readonly message: string;
}

/** The same in one of several texts. */
export interface PlacedProblem extends TextProblem {
  readonly file: string;
}

/** The tool for the rules of a family, which the names of its `-save` and `-restore` begin with. */
export const toolNames = { ipv4: "iptables", ipv6: "ip6tables" } as const;
