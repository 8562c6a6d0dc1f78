import type { Cidr, IpAddress } from "./address.ts";
import type { ObjectName } from "./fields/names.ts";

/** A v1 Node: what kube-proxy reads of it. */
export interface Node extends ObjectName {
  readonly zone: string | undefined;
  readonly podCidrs: readonly Cidr[];
  /** Those of `status.addresses` that are addresses, in order. */
  readonly addresses: readonly NodeAddress[];
}

export interface NodeAddress {
  readonly type: string;
  readonly ip: IpAddress;
}

/** `kind: Host` of portolan/v1alpha1: what the API does not know of the machine behind a Node. */
export interface Host extends ObjectName {
  /** Every address of the host's interfaces but loopback; undefined where the document names none. */
  readonly addresses: readonly IpAddress[] | undefined;
  /** Those that the document names. */
  readonly features: Partial<HostFeatures>;
}

export interface HostFeatures {
  /** MASQUERADE knows --random-fully. */
  readonly randomFully: boolean;
  /** The kernel has nfacct counters. */
  readonly nfacct: boolean;
}

export const defaultHostFeatures: HostFeatures = { randomFully: true, nfacct: false };
