import { type Cidr, parseCidr } from "../address.ts";
import { type Fields, placeOf, recordField, textsField } from "../fields/fields.ts";
import { isDnsSubdomain, type ObjectName, parseObjectName } from "../fields/names.ts";

/** A networking.k8s.io/v1 ServiceCIDR: networks that cluster IPs are allocated from. */
export interface ServiceCidr extends ObjectName {
  readonly cidrs: readonly Cidr[];
}

const rules = {
  namespaced: false,
  isName: isDnsSubdomain,
  shape: "lower case letters, digits, '-' and '.' only (RFC 1123 subdomain)",
};

/** Reads a ServiceCIDR as the API server checks it: one network, or one per family. One that is being deleted counts. */
export function parseServiceCidr(fields: Fields): ServiceCidr | undefined {
  const name = parseObjectName(fields, rules);
  if (name === undefined) return undefined;
  const spec = recordField(fields, "spec");
  const texts = spec === undefined ? [] : textsField(spec, "cidrs");
  if (texts.length === 0) fields.report("service-cidr-empty", spec?.place ?? fields.place, {});
  const cidrs: Cidr[] = [];
  for (const { value, place } of texts) {
    const cidr = parseCidr(value);
    if (cidr === undefined) fields.report("cidr-invalid", place, { value });
    else if (cidr.text !== value) fields.report("service-cidr-not-canonical", place, { value, canonical: cidr.text });
    else cidrs.push(cidr);
  }
  if (spec !== undefined && new Set(cidrs.map(({ family }) => family)).size < cidrs.length)
    spec.report("service-cidr-same-family", placeOf(spec, "cidrs"), {});
  return { ...name, cidrs };
}
