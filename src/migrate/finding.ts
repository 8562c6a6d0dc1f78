import type { Code } from "../diagnostics/catalog.ts";
import type { ExamplePacket } from "../diff/traffic-diff.ts";

/** Worst first: the order of the report. */
export const findingLevels = [
  /** kube-proxy does not run in the new mode. */
  "blocked",
  "access-lost",
  "access-gained",
  /** To be looked at before the change. */
  "attention",
  "note",
] as const;

export type FindingLevel = (typeof findingLevels)[number];

/** One reason for which the new mode is not like the old one in this cluster. */
export interface Finding {
  readonly code: Code;
  readonly level: FindingLevel;
  readonly message: string;
  readonly hint: string | undefined;
  /** What it concerns, beside Services and nodes: addresses, names of rules. One phrase each. */
  readonly details: readonly string[];
  /** Service ports (`shop/web:http`), in order of name. Empty where it concerns no Service in particular. */
  readonly services: readonly string[];
  /** In order of name. */
  readonly nodes: readonly string[];
  /** Undefined where packets do not show it. */
  readonly example: ExampleOnNode | undefined;
  /** Fields of the configuration that keep things as they are. */
  readonly configuration: readonly ConfigurationChange[];
  /** The comparison with these fields set does not find it any more. */
  readonly isSolvedByConfiguration: boolean;
}

export interface ExampleOnNode extends ExamplePacket {
  readonly node: string;
  readonly service: string | undefined;
}

/** A field of KubeProxyConfiguration and its new value. */
export interface ConfigurationChange {
  readonly path: readonly string[];
  readonly value: string | boolean | readonly string[];
}
