import { at, type Place } from "../../diagnostics/place.ts";
import { type Family, parseIp, specialRange } from "../address.ts";
import { isRecord } from "../fields/fields.ts";
import { isDnsSubdomain, type ObjectName, type Protocol } from "../fields/names.ts";

/** A discovery.k8s.io/v1 EndpointSlice, checked and defaulted; v1 Endpoints are read into the same shape. */
export interface EndpointSlice extends ObjectName {
  readonly source: "EndpointSlice" | "Endpoints";
  /** The Service it belongs to, in its own namespace; undefined without the service-name label. */
  readonly service: string | undefined;
  /** Undefined for FQDN, which kube-proxy ignores. */
  readonly family: Family | undefined;
  /** Carries the label service.kubernetes.io/headless: kube-proxy does not watch such slices. */
  readonly headless: boolean;
  readonly ports: readonly SlicePort[];
  readonly endpoints: readonly SliceEndpoint[];
  /** The list that the endpoints' indexes count in. */
  readonly endpointsPlace: Place;
}

export interface SlicePort {
  readonly name: string;
  readonly protocol: Protocol;
  /** Undefined where the slice gives none: kube-proxy leaves the port out. */
  readonly port: number | undefined;
  readonly place: Place;
}

/**
 * One endpoint; only the first of its addresses counts. Conditions have their defaults filled in. Clusters have
 * hundreds of thousands, so it holds no objects of its own: the family and the place are the slice's.
 */
export interface SliceEndpoint {
  /** Canonical, of the slice's family. */
  readonly ip: string;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  readonly nodeName: string | undefined;
  readonly zoneHints: readonly string[];
  readonly nodeHints: readonly string[];
  readonly index: number;
}

export function placeOfEndpoint(slice: EndpointSlice, endpoint: SliceEndpoint): Place {
  return at(slice.endpointsPlace, endpoint.index);
}

const noHints: readonly string[] = [];

/**
 * Reads an endpoint in which all is as usual; undefined for any other, which parseSliceEndpoint reads with care and
 * words. Clusters have hundreds of thousands of them: this takes a third of the time and makes nothing but the result.
 */
export function readPlainEndpoint(value: unknown, index: number, family: Family): SliceEndpoint | undefined {
  if (!isRecord(value)) return undefined;
  let ip: string | undefined;
  let nodeName: string | undefined;
  for (const key in value) {
    const field = value[key];
    if (key === "addresses") ip = plainAddress(field, family);
    else if (key === "nodeName" && typeof field === "string" && isDnsSubdomain(field)) nodeName = field;
    else if (
      key === "targetRef" ? !isTextMap(field) : key === "zone" ? typeof field !== "string" : key !== "conditions"
    ) {
      return undefined;
    }
  }
  const conditions = value.conditions ?? {};
  if (ip === undefined || !isRecord(conditions)) return undefined;
  const { ready = true, serving = true, terminating = false } = conditions;
  if (typeof ready !== "boolean" || typeof serving !== "boolean" || typeof terminating !== "boolean") return undefined;
  return { ip, ready, serving, terminating, nodeName, zoneHints: noHints, nodeHints: noHints, index };
}

/** The only address, spelled canonically and fit for traffic. */
function plainAddress(addresses: unknown, family: Family): string | undefined {
  if (!Array.isArray(addresses) || addresses.length !== 1) return undefined;
  const text: unknown = addresses[0];
  const ip = typeof text === "string" ? parseIp(text) : undefined;
  const isPlain = ip !== undefined && ip.text === text && ip.family === family && specialRange(ip) === undefined;
  return isPlain ? ip.text : undefined;
}

function isTextMap(value: unknown): boolean {
  if (!isRecord(value)) return false;
  for (const key in value) if (typeof value[key] !== "string") return false;
  return true;
}
