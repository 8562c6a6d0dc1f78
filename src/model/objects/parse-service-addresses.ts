import { at, type Place } from "../../diagnostics/place.ts";
import { type Family, familyNames, parseIp } from "../address.ts";
import {
  type Fields,
  type Placed,
  placeOf,
  recordField,
  recordsField,
  textField,
  textsField,
} from "../fields/fields.ts";
import { isDnsSubdomain } from "../fields/names.ts";
import { oneOf, parseLegacyCidr, parseLegacyIp, parseReachableIp } from "../fields/parse-addresses.ts";
import type { ServiceType, SourceRange, Vip } from "./service.ts";

interface ClusterIps {
  readonly clusterIps: Readonly<Partial<Record<Family, Vip>>>;
  readonly headless: boolean;
}

const policies = ["SingleStack", "PreferDualStack", "RequireDualStack"] as const;
const familyOf: ReadonlyMap<string, Family> = new Map([
  ["IPv4", "ipv4"],
  ["IPv6", "ipv6"],
]);
const none: ClusterIps = { clusterIps: {}, headless: false };

/** clusterIP, clusterIPs and ipFamilies, each filled in from the others (ValidateServiceClusterIPsRelatedFields). */
export function parseClusterIps(spec: Fields, type: ServiceType): ClusterIps {
  const families = parseFamilies(spec);
  const policy = oneOf(spec, "ipFamilyPolicy", textField(spec, "ipFamilyPolicy"), policies);
  const given = givenClusterIps(spec);
  if (type === "ExternalName") {
    const filled = [given.length > 0 && "clusterIPs", families.length > 0 && "ipFamilies", policy && "ipFamilyPolicy"];
    for (const field of filled) {
      if (field) spec.report("cluster-ip-forbidden", spec.place, { type, what: field }, { caret: "key" });
    }
    return none;
  }
  if (policy === "SingleStack" && (given.length === 2 || families.length === 2)) {
    spec.report("ip-family-policy-mismatch", placeOf(spec, "ipFamilyPolicy"), {});
  }
  if (given[0]?.value === "None") return headlessClusterIps(spec, type, given);
  if (given.length === 0) {
    spec.report("cluster-ip-missing", spec.place, {}, { caret: "key" });
    return none;
  }
  return { clusterIps: addressesByFamily(spec, given, families), headless: false };
}

function parseFamilies(spec: Fields): readonly Family[] {
  const texts = textsField(spec, "ipFamilies");
  const families: Family[] = [];
  let isValid = true;
  for (const { value } of texts) {
    const family = familyOf.get(value);
    if (family === undefined || families.includes(family)) isValid = false;
    if (family !== undefined) families.push(family);
  }
  if (!isValid) spec.report("ip-families-invalid", placeOf(spec, "ipFamilies"), {});
  return families;
}

function givenClusterIps(spec: Fields): readonly Placed<string>[] {
  const single = textField(spec, "clusterIP") ?? "";
  const several = textsField(spec, "clusterIPs");
  if (several.length === 0) return single === "" ? [] : [{ value: single, place: placeOf(spec, "clusterIP") }];
  if (single !== "" && several[0]?.value !== single) {
    spec.report("cluster-ips-mismatch", placeOf(spec, "clusterIPs"), { rule: "begin with the value of clusterIP" });
  }
  return several;
}

function headlessClusterIps(spec: Fields, type: ServiceType, given: readonly Placed<string>[]): ClusterIps {
  const place = given[0]?.place as Place;
  if (given.length > 1) spec.report("cluster-ips-mismatch", place, { rule: "hold only None" });
  if (type !== "ClusterIP") spec.report("cluster-ip-forbidden", place, { type, what: "clusterIP: None" });
  return { clusterIps: {}, headless: true };
}

function addressesByFamily(
  spec: Fields,
  given: readonly Placed<string>[],
  families: readonly Family[],
): Partial<Record<Family, Vip>> {
  const found: Partial<Record<Family, Vip>> = {};
  given.forEach(({ value, place }, index) => {
    const address = parseLegacyIp(spec, value, place);
    if (address === undefined) return;
    const wanted = families[index];
    if (wanted !== undefined && wanted !== address.family) {
      const related = [{ message: "the family is set here", place: at(placeOf(spec, "ipFamilies"), index) }];
      spec.report(
        "ip-wrong-family",
        place,
        { value, got: familyNames[address.family], wanted: familyNames[wanted] },
        { related },
      );
    } else if (found[address.family] !== undefined) {
      spec.report("cluster-ips-mismatch", place, { rule: "hold at most one address of each family" });
    } else if (families.length === 0 || wanted !== undefined) {
      found[address.family] = { address, place };
    }
  });
  return found;
}

const noVips: readonly Vip[] = [];
const noRanges: readonly SourceRange[] = [];

/** `spec.externalIPs`. */
export function parseExternalIps(spec: Fields): readonly Vip[] {
  const texts = textsField(spec, "externalIPs");
  if (texts.length === 0) return noVips;
  const vips: Vip[] = [];
  for (const { value, place } of texts) {
    const address = parseReachableIp(spec, value, place);
    if (address !== undefined) vips.push({ address, place });
  }
  return vips;
}

/**
 * The ingress addresses of `status.loadBalancer` that kube-proxy answers on: those with ipMode VIP,
 * whatever the type of the Service is.
 */
export function parseLoadBalancerIps(service: Fields, type: ServiceType): readonly Vip[] {
  const status = recordField(service, "status");
  const loadBalancer = status === undefined ? undefined : recordField(status, "loadBalancer");
  const ingresses = loadBalancer === undefined ? [] : recordsField(loadBalancer, "ingress");
  if (loadBalancer === undefined || ingresses.length === 0) return noVips;
  if (type !== "LoadBalancer") {
    service.report("ingress-on-wrong-type", placeOf(loadBalancer, "ingress"), {});
  }
  return ingresses.map(parseIngress).filter((vip) => vip !== undefined);
}

function parseIngress(ingress: Fields): Vip | undefined {
  const ip = textField(ingress, "ip") ?? "";
  const mode = oneOf(ingress, "ipMode", textField(ingress, "ipMode"), ["VIP", "Proxy"]) ?? "VIP";
  const hostname = textField(ingress, "hostname") ?? "";
  if (hostname !== "" && (!isDnsSubdomain(hostname) || parseIp(hostname) !== undefined)) {
    ingress.report("name-invalid", placeOf(ingress, "hostname"), { name: hostname, shape: "expected a DNS name" });
  }
  if (ip === "") {
    if ((ingress.value.ipMode ?? undefined) !== undefined) {
      ingress.report("service-field-forbidden", placeOf(ingress, "ipMode"), {
        field: "ipMode",
        whom: "ingress with an ip",
      });
    }
    if (hostname !== "") ingress.report("ingress-hostname-ignored", placeOf(ingress, "hostname"), {});
    return undefined;
  }
  const place = placeOf(ingress, "ip");
  const address = parseLegacyIp(ingress, ip, place);
  if (address !== undefined && mode === "Proxy") ingress.report("ingress-proxy-ignored", place, { ip: address.text });
  return address === undefined || mode === "Proxy" ? undefined : { address, place };
}

/** `spec.loadBalancerSourceRanges`, with a warning where they restrict less than they seem to. */
export function parseSourceRanges(
  spec: Fields,
  type: ServiceType,
  families: readonly Family[],
): readonly SourceRange[] {
  const texts = textsField(spec, "loadBalancerSourceRanges");
  if (texts.length === 0) return noRanges;
  const place = placeOf(spec, "loadBalancerSourceRanges");
  if (type !== "LoadBalancer") {
    spec.report("service-field-forbidden", place, { field: "loadBalancerSourceRanges", whom: "LoadBalancer Services" });
  }
  const ranges: SourceRange[] = [];
  for (const text of texts) {
    const cidr = parseLegacyCidr(spec, text, text.value.trim());
    if (cidr !== undefined) ranges.push({ cidr, place: text.place });
  }
  for (const family of families) {
    const ours = ranges.filter(({ cidr }) => cidr.family === family);
    const zero = ours.find(({ cidr }) => cidr.prefix === 0);
    const name = { family: familyNames[family] };
    if (ranges.length > 0 && ours.length === 0) spec.report("source-ranges-other-family", place, name);
    if (zero !== undefined && ours.length > 1) {
      spec.report("source-range-zero", zero.place, { range: zero.cidr.text, ...name });
    }
  }
  return ranges;
}
