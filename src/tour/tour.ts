import type { Severity } from "../diagnostics/diagnostic.ts";
import type { ProxyMode } from "../model/proxy-configuration/proxy-configuration.ts";

/** What every Service of a state does, in the terms of its users; printed unchanged by `tour -o json`. */
export interface Tour {
  readonly apiVersion: "portolan/v1alpha1";
  readonly kind: "Tour";
  readonly mode: ProxyMode;
  /** The nodes that answers are given for. */
  readonly nodes: readonly string[];
  /** The number of objects that are simulated, completely or in part. */
  readonly simulated: number;
  readonly services: readonly TourService[];
  /** Findings of `check` that belong to no single Service shown. */
  readonly findings: readonly TourFinding[];
}

export interface TourService {
  /** `shop/web` */
  readonly service: string;
  readonly type: "ClusterIP" | "NodePort" | "LoadBalancer" | "ExternalName";
  /** Why kube-proxy makes no rules for it. A sentence without a full stop. */
  readonly noRules?: string;
  readonly ports: readonly TourPort[];
  readonly endpoints: readonly TourEndpoint[];
  readonly findings: readonly TourFinding[];
  /** Only with `--rules`. */
  readonly rules?: readonly TourRule[];
}

export interface TourPort {
  /** `shop/web:http` */
  readonly name: string;
  readonly protocol: "TCP" | "UDP" | "SCTP";
  readonly port: number;
  readonly doors: readonly TourDoor[];
}

/** An address that a service port answers on. */
export interface TourDoor {
  readonly kind: "cluster IP" | "node port" | "external IP" | "load balancer IP";
  /** Null for a node port: every address of the node that nodePortAddresses selects. */
  readonly address: string | null;
  readonly port: number;
  /** What packets meet there, by node and client. */
  readonly answers: readonly TourAnswer[];
}

/** What packets of a client meet at a door. Asked of the evaluator on one node, for all nodes that are alike. */
export interface TourAnswer {
  readonly nodes: readonly string[];
  /** The node whose rules were asked. */
  readonly asked: string;
  readonly client: TourClient;
  readonly outcomes: readonly TourOutcome[];
  /** The endpoints are those of the client's node only, and there are others. */
  readonly isLocal: boolean;
}

export interface TourClient {
  readonly kind: "pods" | "outside" | "allowed" | "others";
  /** The address that stands for them. */
  readonly address: string;
  /** Of `allowed`: loadBalancerSourceRanges. */
  readonly ranges?: readonly string[];
}

export interface TourOutcome {
  readonly verdict: "delivered" | "rejected" | "dropped" | "untouched" | "unknown";
  /** 0 to 1. */
  readonly share: number;
  /** `10.244.3.4:8080` of a delivered packet. */
  readonly destination?: string;
  /** The source address that the pod sees: the client's own, or one of the node's (SNAT). */
  readonly sees?: "client" | "node";
  /** Seconds for which a client stays at this endpoint. */
  readonly affinitySeconds?: number;
}

export interface TourEndpoint {
  readonly address: string;
  readonly ports: readonly number[];
  readonly pod?: string;
  readonly node?: string;
  readonly state: "ready" | "not ready" | "terminating";
}

export interface TourFinding {
  readonly severity: Severity;
  readonly code: string;
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

/** A rule, set entry or virtual server that exists because of the Service. */
export interface TourRule {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}
