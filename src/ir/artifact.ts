import type { Family } from "../model/address.ts";
import type { LineOrigin } from "./step.ts";
import type { TextPart } from "./text.ts";

/** How a tool is spoken. */
export type LanguageId = "iptables" | "ipset" | "ipvs" | "iproute" | "sysctl" | "nfacct" | "conntrack";

/** A text in one language, made by a program or read from a host. */
export interface Artifact extends TextPart {
  readonly language: LanguageId;
  /** Of rules; undefined where the language holds both families in one text. */
  readonly family: Family | undefined;
  /** Where its lines come from; empty where nobody kept that, or knows it. */
  readonly origins: readonly LineOrigin[];
}
