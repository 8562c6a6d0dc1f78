import { at, originOf } from "../../diagnostics/place.ts";
import { type Family, families, familyNames } from "../../model/address.ts";
import { valueAt } from "../../model/fields/fields.ts";
import { proxyNameLabel, type Service } from "../../model/objects/service.ts";
import type { NodeFacts, NotProgrammed, OmissionReason } from "./not-programmed.ts";

/** What a Service as a whole does not get: all of its rules, or those of a family. */
export function serviceOmissions(service: Service, node: NodeFacts): readonly NotProgrammed[] {
  const unproxied = whyNotProxied(service, node);
  return unproxied === undefined ? familyOmissions(service, node) : [unproxied];
}

/** Follows `isProxied` of model/objects/service.ts. */
export function whyNotProxied(service: Service, { documents }: NodeFacts): NotProgrammed | undefined {
  const all = (reason: OmissionReason, why: string, path: readonly string[]): NotProgrammed => {
    const place = path.reduce(at, service.place);
    return { reason, port: undefined, what: "every rule", why, origin: originOf(place) };
  };
  if (service.type === "ExternalName") {
    const target = valueAt(documents, originOf(at(at(service.place, "spec"), "externalName")));
    const why = `it is of type ExternalName: a DNS alias for ${String(target)}, without rules`;
    return all("external-name", why, ["spec", "type"]);
  }
  if (service.headless) {
    const why = "it is headless (clusterIP: None): DNS returns the endpoint addresses";
    return all("headless", why, ["spec", "clusterIP"]);
  }
  const other = service.labels[proxyNameLabel];
  if (Object.hasOwn(service.labels, proxyNameLabel)) {
    const why = `its label ${proxyNameLabel} assigns it to another proxy${other ? `, ${other}` : ""}`;
    return all("other-proxy", why, ["metadata", "labels", proxyNameLabel]);
  }
  if (Object.keys(service.clusterIps).length > 0) return undefined;
  const why = "it has no cluster IP: only a cluster allocates one";
  return all("no-cluster-ip", why, ["spec"]);
}

/** The families in which a Service gets no rules. */
export function familyOmissions(service: Service, { plan }: NodeFacts): readonly NotProgrammed[] {
  const compiled = plan.families.map(({ family }) => family);
  const omissions: NotProgrammed[] = [];
  const add = (reason: OmissionReason, family: Family, why: string, path: readonly string[]): void => {
    const what = `${familyNames[family]} rules`;
    omissions.push({ reason, port: undefined, what, why, origin: originOf(path.reduce(at, service.place)) });
  };
  for (const family of families) {
    const ip = service.clusterIps[family]?.address.text;
    const beside = [...service.externalIps, ...service.loadBalancerIps].find((vip) => vip.address.family === family);
    if (ip !== undefined && !compiled.includes(family)) {
      add("family-not-compiled", family, `this family is not compiled, so ${ip} is not served`, ["spec", "clusterIPs"]);
    } else if (ip === undefined && (beside !== undefined || compiled.includes(family))) {
      const cost = beside === undefined ? "" : `, so ${beside.address.text} is not served`;
      const why = `it has no cluster IP of this family${cost}`;
      add("family-without-cluster-ip", family, why, ["spec", "ipFamilies"]);
    }
  }
  return omissions;
}
