import { type Family, familyNames, parseIp } from "../address.ts";
import { type Fields, placeOf, recordField, recordsField, textField, textsField } from "../fields/fields.ts";
import { isDnsSubdomain } from "../fields/names.ts";
import { oneOf, parseLegacyCidr, parseLegacyIp, parseReachableIp } from "../fields/parse-addresses.ts";
import type { ServiceType, SourceRange, Vip } from "./service.ts";

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
