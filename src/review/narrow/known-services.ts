import { serviceInRule } from "../../changes/attribution.ts";
import { describeObject } from "../../diagnostics/subject.ts";
import type { Cluster } from "../../model/cluster.ts";
import type { Known } from "./narrowing.ts";
import type { KnownService } from "./service-filter.ts";

/** What states say of their Services, and whose each EndpointSlice is. */
export function servicesInClusters(clusters: readonly Cluster[]): Known {
  const services = clusters.flatMap((cluster) =>
    cluster.services.map(({ namespace, name, labels }) => ({ namespace, name, labels })),
  );
  const owners = new Map<string, string>();
  for (const { slices } of clusters) {
    for (const { source, namespace, name, service } of slices) {
      if (service !== undefined) owners.set(describeObject(source, namespace, name), `${namespace}/${service}`);
    }
  }
  return { services, owners };
}

/** The Services that comments of rules in chains of ours name. */
export function servicesInRules(lines: Iterable<string>): readonly KnownService[] {
  const names = new Set<string>();
  for (const line of lines) {
    const isOurs = line.includes("-A KUBE-") && line.includes("--comment");
    const name = isOurs ? serviceInRule(line) : undefined;
    if (name !== undefined) names.add(name.replace(/:.*$/, ""));
  }
  return [...names].map((text) => {
    const [namespace = "", name = ""] = text.split("/");
    return { namespace, name, labels: undefined };
  });
}
