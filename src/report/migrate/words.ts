import type { ConfigurationChange, Finding, FindingLevel } from "../../migrate/finding.ts";
import type { Migration } from "../../migrate/migrate.ts";
import type { ProxyMode } from "../../model/proxy-configuration/proxy-configuration.ts";
import { programFor } from "../../programs/registry.ts";
import { notShownSentence, plural } from "../words.ts";

/** The heading of the findings of a level. */
export const levelNames: Readonly<Record<FindingLevel, string>> = {
  blocked: "kube-proxy does not start",
  "access-lost": "access lost",
  "access-gained": "access gained",
  attention: "check before the change",
  note: "changes without loss of access",
};

/** What Kubernetes plans for the modes, one or two sentences. */
export function planned(from: ProxyMode): string {
  const next = "Planned: nftables becomes the default in Kubernetes 1.40 (KEP-5343, provisional).";
  const { deprecation } = programFor({ mode: from });
  if (deprecation === undefined) return next;
  const { since, offByDefault, removed, proposal } = deprecation;
  return `${from} is deprecated since Kubernetes ${since}; planned: off by default in ${offByDefault}, removed in ${removed} (${proposal}). ${next}`;
}

/** The result in a sentence: which Services lose or gain access, as it is and with the proposed configuration. */
export function summaryOf({ findings, nodes, from, to, notShown }: Migration): string {
  if (from === to) return `kube-proxy runs in ${to} mode already: nothing changes.`;
  const blocked = new Set(findings.filter(({ level }) => level === "blocked").flatMap((each) => each.nodes));
  const [lost, gained] = [servicesAt("access-lost", findings), servicesAt("access-gained", findings)];
  const left = servicesAt(
    "access-lost",
    findings.filter(({ isSolvedByConfiguration }) => !isSolvedByConfiguration),
  );
  const then = left.size === lost.size ? "" : ` (with the configuration below: ${left.size})`;
  const parts = [
    ...(blocked.size === 0 ? [] : [`kube-proxy does not start on ${plural(blocked.size, "node")}`]),
    ...(lost.size === 0
      ? []
      : [`${plural(lost.size, "Service")} ${lost.size === 1 ? "loses" : "lose"} access for some clients${then}`]),
    ...(gained.size === 0 ? [] : [`${plural(gained.size, "Service")} ${gained.size === 1 ? "gains" : "gain"} clients`]),
  ];
  const what =
    parts.length === 0
      ? `No client loses or gains access to ${notShown === undefined ? "a Service" : "the Services shown"}`
      : parts.join("; ");
  return `${what}. Compared: ${plural(nodes.length, "node")}.`;
}

/** What a narrowed report leaves out; undefined for a complete one. */
export function leftOutSentence({ notShown }: Migration): string | undefined {
  return notShown && notShownSentence(notShown, "finding");
}

function servicesAt(level: FindingLevel, findings: readonly Finding[]): ReadonlySet<string> {
  return new Set(findings.filter((each) => each.level === level).flatMap(servicesOf));
}

/** The Services whose ports a finding concerns, each once. */
export function servicesOf({ services }: Finding): readonly string[] {
  return [...new Set(services.map((name) => name.replace(/:.*/, "")))];
}

/** The fields of the configuration as YAML. */
export function configurationLines(changes: readonly ConfigurationChange[]): readonly string[] {
  return changes.flatMap(({ path, value }) => {
    const text = typeof value === "object" ? `[${value.map((each) => `"${each}"`).join(", ")}]` : String(value);
    return path.map((key, at) => `${"  ".repeat(at)}${key}:${at === path.length - 1 ? ` ${text}` : ""}`);
  });
}

/** With a capital, unless it starts with a name that has none. */
export function sentence(text: string): string {
  if (text.startsWith("kube-proxy ")) return text;
  return text.charAt(0).toUpperCase() + text.slice(1);
}
