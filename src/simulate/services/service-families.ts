import { type Family, families, parseIp } from "../../model/address.ts";
import type { Settings } from "../options.ts";
import { textOf, textsOf, type Value } from "../values.ts";

const familyOf: Readonly<Record<string, Family>> = { IPv4: "ipv4", IPv6: "ipv6" };

/**
 * The families of a Service, the first one first, as the API server's defaults choose them: what it says, else the
 * primary family, and the other too where the policy is one of the two dual ones.
 */
export function serviceFamilies(spec: Value, { serviceCidrs }: Settings): readonly Family[] {
  const known = serviceCidrs.map(({ family }) => family);
  const said = textsOf(spec.ipFamilies).flatMap((name) => familyOf[name] ?? []);
  const ips = [textOf(spec.clusterIP), ...textsOf(spec.clusterIPs)].flatMap((ip) => parseIp(ip ?? "")?.family ?? []);
  const chosen = [...new Set(said.length > 0 ? said : ips)];
  // An API server has filled in both: it knew which families the cluster has.
  if (said.length > 0 && textsOf(spec.clusterIPs).length > 0) return chosen;
  const first = chosen.length > 0 ? chosen : known.slice(0, 1);
  const policy = textOf(spec.ipFamilyPolicy);
  if (policy === "RequireDualStack") return [...new Set([...first, ...families])];
  return policy === "PreferDualStack" ? [...new Set([...first, ...known])] : first;
}
