import type { NftElement } from "./ruleset.ts";

/** A rule: statements that are carried out from left to right, until a match fails or a verdict ends it. */
export interface NftRule {
  readonly statements: readonly NftStatement[];
  readonly comment: string | undefined;
}

/** `text` is the statement as spelled. */
export type NftStatement = { readonly text: string } & (
  | NftMatch
  | { readonly kind: "verdict"; readonly verdict: NftVerdict }
  /** The verdict of the element that the packet's fields are found at; none: the next rule. */
  | { readonly kind: "verdict-map"; readonly key: readonly NftField[]; readonly map: NftSource }
  | NftTranslation
  /** `meta mark set ...`, `ct mark set ...`: undefined where the value is not understood. */
  | { readonly kind: "set-field"; readonly field: NftField; readonly value: NftArithmetic | undefined }
  /** `add @set { ip saddr }`: the packet's fields become an element of a set. */
  | {
      readonly kind: "update-set";
      readonly operation: "add" | "update" | "delete";
      readonly set: string;
      readonly key: readonly NftField[];
      /** The element says more than its key and a timeout: a limit, a counter. */
      readonly hasMore: boolean;
    }
  /** `goes-on`: no packet is changed; `depends`: passes or not, each time anew; `ends`: where the packet goes is not shown. */
  | { readonly kind: "other"; readonly effect: "goes-on" | "depends" | "may-end" | "ends" | "no-track" }
);

export interface NftMatch {
  readonly kind: "match";
  /** A concatenation has several. */
  readonly key: readonly NftField[];
  /** Of a key with one field: only these bits are compared. */
  readonly mask: number | string | undefined;
  /** Undefined where the rule says none: equal, or for flags any of them. */
  readonly operator: "==" | "!=" | "<" | ">" | "<=" | ">=" | undefined;
  readonly right: NftSource;
}

/** What fields are compared with, or looked up in. */
export type NftSource =
  | { readonly kind: "named"; readonly name: string }
  | { readonly kind: "elements"; readonly elements: readonly NftElement[] };

/** A field of a packet, as spelled: `ip daddr`, `meta l4proto`, `ct state`, `fib saddr type`, `numgen random mod 3`. */
export type NftField = string;

export type NftVerdict =
  | { readonly kind: "accept" | "drop" | "return" | "continue" }
  | { readonly kind: "jump" | "goto"; readonly chain: string }
  | { readonly kind: "reject"; readonly with: string | undefined };

export interface NftTranslation {
  readonly kind: "dnat" | "snat" | "masquerade" | "redirect";
  /** `dnat ip to`: packets of one family only. */
  readonly family: "ip" | "ip6" | undefined;
  /** `10.0.0.1:80`, `[fd00::1]:80`, `10.0.0.1 . 80`, `:8080`; undefined where it says none, or a map decides. */
  readonly to: string | undefined;
  readonly map: { readonly key: readonly NftField[]; readonly source: NftSource } | undefined;
  /** `random`, `fully-random`, `persistent`. */
  readonly flags: readonly string[];
}

/** `(value & keep) ^ flip` of a mark. */
export interface NftArithmetic {
  /** The field that it begins with; undefined for a number alone. */
  readonly of: NftField | undefined;
  readonly keep: number;
  readonly flip: number;
}
