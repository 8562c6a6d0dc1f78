import { everyService, serviceInRule } from "../../changes/attribution.ts";
import { type Drift, kindOf, saysTheSame } from "../verify.ts";
import type { Narrowing } from "./narrowing.ts";
import { type Narrowed, narrowItems } from "./not-shown.ts";

/** Narrows what is wrong with a host. Of a chain that Services share, only the lines of those that are meant are shown. */
export function narrowDrift(findings: readonly Drift[], narrowing: Narrowing | undefined): Narrowed<Drift> {
  if (narrowing === undefined) return { shown: findings, hidden: [] };
  const parts = findings.flatMap((finding) => divide(finding, narrowing));
  return narrowItems(parts, servicesOf, narrowing);
}

export function servicesOf({ service }: Drift): readonly string[] {
  return service.split(", ");
}

function divide(finding: Drift, { shows }: Narrowing): readonly Drift[] {
  const names = servicesOf(finding);
  const hidden = new Set(names.filter((name) => !shows([name])));
  if (hidden.size === 0 || hidden.size === names.length) return [finding];
  const part = (isOfPart: (service: string) => boolean): Drift => {
    const lines = finding.lines.filter((line) => isOfPart(serviceInRule(line) ?? everyService));
    return { ...finding, ...judge(finding, lines), service: names.filter(isOfPart).join(", "), lines };
  };
  return [part((service) => !hidden.has(service)), part((service) => hidden.has(service))];
}

function judge({ isDrift }: Drift, lines: readonly string[]): Pick<Drift, "kind" | "isDrift"> {
  const of = (sign: string): readonly string[] =>
    lines.filter((line) => line.startsWith(sign)).map((line) => line.slice(2));
  const [missing, extra] = [of("-"), of("+")];
  return { kind: kindOf("change", missing.length, extra.length), isDrift: isDrift && !saysTheSame(missing, extra) };
}
