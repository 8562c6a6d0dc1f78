import type { Place } from "../../diagnostics/place.ts";
import type { Cidr, Family, IpAddress } from "../address.ts";
import type { ObjectName, Protocol } from "../fields/names.ts";

/** A v1 Service, checked and defaulted as the API server does. Source: core/v1 ServiceSpec of Kubernetes 1.36. */
export interface Service extends ObjectName {
  readonly type: ServiceType;
  /** By family; empty for headless and ExternalName Services, and where no cluster has filled them in. */
  readonly clusterIps: Readonly<Partial<Record<Family, Vip>>>;
  readonly headless: boolean;
  readonly externalIps: readonly Vip[];
  /** Ingress addresses with ipMode VIP, of `status.loadBalancer`. */
  readonly loadBalancerIps: readonly Vip[];
  readonly sourceRanges: readonly SourceRange[];
  readonly ports: readonly ServicePort[];
  readonly affinity: SessionAffinity | undefined;
  readonly internalTrafficPolicy: TrafficPolicy;
  /** Always Cluster where the Service is not reachable from outside. */
  readonly externalTrafficPolicy: TrafficPolicy;
  readonly healthCheckNodePort: number | undefined;
}

export type ServiceType = "ClusterIP" | "NodePort" | "LoadBalancer" | "ExternalName";

export type TrafficPolicy = "Cluster" | "Local";

/** An address that service ports answer on. */
export interface Vip {
  readonly address: IpAddress;
  readonly place: Place;
}

export interface SourceRange {
  readonly cidr: Cidr;
  readonly place: Place;
}

export interface ServicePort {
  /** Empty for the only port of a Service, when it has no name. */
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
  readonly nodePort: number | undefined;
  readonly place: Place;
}

/** sessionAffinity: ClientIP. */
export interface SessionAffinity {
  readonly timeoutSeconds: number;
}

export const proxyNameLabel = "service.kubernetes.io/service-proxy-name";

/** Whether kube-proxy makes rules for the Service: not for headless or ExternalName ones, nor those of another proxy. */
export function isProxied(service: Service): boolean {
  return service.type !== "ExternalName" && !service.headless && !Object.hasOwn(service.labels, proxyNameLabel);
}
