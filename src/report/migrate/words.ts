import type { ConfigurationChange, FindingLevel } from "../../migrate/finding.ts";
import type { Migration } from "../../migrate/migrate.ts";
import type { ProxyMode } from "../../model/proxy-configuration/proxy-configuration.ts";
import { plural } from "../words.ts";

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
  if (from !== "ipvs") return next;
  return `ipvs is deprecated since Kubernetes 1.35; planned: off by default in 1.40, removed in 1.43 (KEP-5495). ${next}`;
}

/** The result in a sentence: who loses access. */
export function summaryOf({ findings, nodes, from, to }: Migration): string {
  if (from === to) return `kube-proxy runs in ${to} mode already: nothing changes.`;
  const services = (level: FindingLevel): ReadonlySet<string> =>
    new Set(
      findings
        .filter((each) => each.level === level)
        .flatMap((each) => each.services.map((name) => name.replace(/:.*/, ""))),
    );
  const [lost, gained] = [services("access-lost"), services("access-gained")];
  const parts = [
    ...(lost.size === 0
      ? []
      : [`${plural(lost.size, "Service")} ${lost.size === 1 ? "loses" : "lose"} access for some clients`]),
    ...(gained.size === 0 ? [] : [`${plural(gained.size, "Service")} ${gained.size === 1 ? "gains" : "gain"} clients`]),
  ];
  const what = parts.length === 0 ? "No client loses or gains access to a Service" : parts.join(", ");
  return `${what} on ${plural(nodes.length, "node")}.`;
}

/** The fields of the configuration as YAML. */
export function configurationLines(changes: readonly ConfigurationChange[]): readonly string[] {
  return changes.flatMap(({ path, value }) => {
    const text = typeof value === "object" ? `[${value.map((each) => `"${each}"`).join(", ")}]` : String(value);
    return path.map((key, at) => `${"  ".repeat(at)}${key}:${at === path.length - 1 ? ` ${text}` : ""}`);
  });
}
