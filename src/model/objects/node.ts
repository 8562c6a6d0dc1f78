import { type Cidr, type IpAddress, parseIp } from "../address.ts";
import {
  booleanField,
  checkKnownFields,
  type Fields,
  type Placed,
  placeOf,
  recordField,
  recordsField,
  textField,
  textsField,
} from "../fields/fields.ts";
import { isDnsSubdomain, type ObjectName, parseObjectName } from "../fields/names.ts";
import { parseLegacyCidr, parseLegacyIp } from "../fields/parse-addresses.ts";
import { simulatedParts } from "../simulated.ts";

/** A v1 Node: what kube-proxy reads of it. */
export interface Node extends ObjectName {
  readonly zone: string | undefined;
  readonly podCidrs: readonly Cidr[];
  /** Those of `status.addresses` that are addresses, in order. */
  readonly addresses: readonly NodeAddress[];
  readonly isSimulated: boolean;
}

export interface NodeAddress {
  readonly type: string;
  readonly ip: IpAddress;
}

/** `kind: Host` of portolan/v1alpha1: properties of the machine behind a Node that the API does not contain. */
export interface Host extends ObjectName {
  /** Every address of the host's interfaces except loopback; undefined if the document has none. */
  readonly addresses: readonly IpAddress[] | undefined;
  /** The features in the document. */
  readonly features: Partial<HostFeatures>;
}

export interface HostFeatures {
  /** The MASQUERADE target supports --random-fully. */
  readonly randomFully: boolean;
  /** The kernel has nfacct counters. */
  readonly nfacct: boolean;
}

export const defaultHostFeatures: HostFeatures = { randomFully: true, nfacct: false };

const zoneLabel = "topology.kubernetes.io/zone";
const nodeRules = {
  namespaced: false,
  isName: isDnsSubdomain,
  shape: "lower case letters, digits, '-' and '.' only (RFC 1123 subdomain)",
};

/** Reads a v1 Node. */
export function parseNode(fields: Fields): Node | undefined {
  const name = parseObjectName(fields, nodeRules);
  if (name === undefined) return undefined;
  const spec = recordField(fields, "spec");
  const status = recordField(fields, "status");
  return {
    ...name,
    zone: name.labels[zoneLabel],
    podCidrs: spec === undefined ? [] : parsePodCidrs(spec),
    addresses: status === undefined ? [] : recordsField(status, "addresses").flatMap(parseNodeAddress),
    isSimulated: simulatedParts(fields.value)?.includes("object") ?? false,
  };
}

/** podCIDRs; podCIDR where it is alone, or says otherwise than the first of them (the API's conversion of NodeSpec). */
function parsePodCidrs(spec: Fields): Node["podCidrs"] {
  const several: readonly Placed<string>[] = textsField(spec, "podCIDRs");
  const single = textField(spec, "podCIDR") ?? "";
  const first = single === "" ? [] : [{ value: single, place: placeOf(spec, "podCIDR") }];
  const given = single === "" || several[0]?.value === single ? several : first;
  const cidrs = given.map((text) => parseLegacyCidr(spec, text)).filter((cidr) => cidr !== undefined);
  if (cidrs.length > 1 && (cidrs.length > 2 || cidrs[0]?.family === cidrs[1]?.family)) {
    spec.report("pod-cidrs-same-family", placeOf(spec, "podCIDRs"), {});
  }
  return cidrs;
}

function parseNodeAddress(record: Fields): NodeAddress[] {
  const type = textField(record, "type") ?? "";
  const text = textField(record, "address") ?? "";
  const ip = parseIp(text);
  if (ip !== undefined) return [{ type, ip }];
  if (type === "InternalIP" || type === "ExternalIP") {
    record.report("node-address-ignored", placeOf(record, "address"), { address: text, type });
  }
  return [];
}

const hostFields = new Set(["apiVersion", "kind", "metadata", "addresses", "features", "cpus"]);
const featureFields = new Set(["randomFully", "nfacct"]);

/** Reads our own Host document. */
export function parseHost(fields: Fields): Host | undefined {
  const name = parseObjectName(fields, nodeRules, hostFields);
  if (name === undefined) return undefined;
  const addresses: IpAddress[] = [];
  for (const { value, place } of textsField(fields, "addresses")) {
    const ip = parseLegacyIp(fields, value, place);
    if (ip !== undefined) addresses.push(ip);
  }
  const given = fields.value.addresses !== undefined && fields.value.addresses !== null;
  return { ...name, addresses: given ? addresses : undefined, features: parseFeatures(fields) };
}

function parseFeatures(host: Fields): Partial<HostFeatures> {
  const features = recordField(host, "features");
  if (features === undefined) return {};
  checkKnownFields(features, featureFields);
  const [randomFully, nfacct] = [booleanField(features, "randomFully"), booleanField(features, "nfacct")];
  return { ...(randomFully === undefined ? {} : { randomFully }), ...(nfacct === undefined ? {} : { nfacct }) };
}
