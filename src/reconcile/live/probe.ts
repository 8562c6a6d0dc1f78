import type { Feature, Step } from "../../ir/artifact.ts";
import { languages } from "../../languages/registry.ts";
import { ownChains, serviceInRule } from "../../programs/registry.ts";
import type { ServiceOfChain } from "../attribution.ts";
import type { ServiceOfLine } from "../summarize-changes.ts";

/** The features that steps need from the host, by their text. */
export function featuresOf(steps: readonly Step[]): readonly Feature[] {
  return languages.flatMap(({ probes }) => probes?.(steps) ?? []);
}

/**
 * A script for `unshare --net sh` that tries each feature and prints `NUMBER ok`, or `NUMBER no` and the reason, for
 * `parseProbe`. It leaves nothing behind and needs no other tools.
 */
export function printProbe(features: readonly Feature[]): string {
  const lines = features.map(({ commands }, index) => {
    const last = commands[commands.length - 1];
    const before = commands.slice(0, -1).map((command) => `${command} >/dev/null 2>&1 || :`);
    const tried = `if said=$(${last} 2>&1); then echo ${index} ok; else echo ${index} no; echo "$said"; fi`;
    return [...before, tried].join("\n");
  });
  // The probe does not wait for the host's xtables lock.
  return `export XTABLES_LOCKFILE=/dev/null\n${lines.join("\n")}\n`;
}

export interface MissingFeature {
  readonly name: string;
  /** The message of the tool. */
  readonly message: string;
}

/** The missing features, from the output of the script of `printProbe`. */
export function parseProbe(features: readonly Feature[], output: string): readonly MissingFeature[] {
  const parts = output.split(/^(\d+) (ok|no)\n/m).slice(1);
  const said = new Map<number, string | undefined>();
  for (let at = 0; at + 2 < parts.length; at += 3) {
    const message = parts[at + 2]?.trim().replace(/\s*\n\s*/g, "; ");
    said.set(Number(parts[at]), parts[at + 1] === "ok" ? undefined : message);
  }
  return features.flatMap(({ name }, index) => {
    const message = said.has(index) ? said.get(index) : "the probe ended before this check";
    return message === undefined ? [] : [{ name, message }];
  });
}

/** The line of a step at which a tool failed, and its owner. */
export interface FailingLine {
  readonly number: number;
  readonly text: string;
  readonly service: string | undefined;
}

/** iptables-restore (both back ends), ipset, ip -batch and nft use different messages. */
const placed = [/\/dev\/stdin:(\d+):/, /\bline:? (\d+)/i, /^exit .*Command failed -:(\d+)/];

/** Finds the line in a tool's error message. Undefined where it names none, as when a whole table is rejected. */
export function failingLine(
  step: Step,
  message: string,
  ofChain: ServiceOfChain,
  ofLine: ServiceOfLine,
): FailingLine | undefined {
  const number = placed.map((pattern) => Number(pattern.exec(message)?.[1])).find((found) => found > 0);
  const text = number === undefined ? undefined : step.stdin.split("\n")[number - 1];
  if (number === undefined || text === undefined || text === "COMMIT") return undefined;
  const chain = /^(?:-[AIDX] |:)(\S+)/.exec(text)?.[1];
  const service =
    serviceInRule(text) ??
    ofLine(text) ??
    (chain !== undefined && ownChains.isOwned(chain) ? ofChain(chain) : undefined);
  return { number, text, service };
}
