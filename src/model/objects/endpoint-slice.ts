import { at, type Place } from "../../diagnostics/place.ts";
import type { Family } from "../address.ts";
import type { ObjectName, Protocol } from "../fields/names.ts";

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
