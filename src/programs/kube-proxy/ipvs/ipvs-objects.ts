import type { IpAddress } from "../../../model/address.ts";
import type { IpvsSettings } from "../../../model/proxy-configuration/proxy-configuration.ts";
import type { Endpoint, FamilySettings, ServicePortPlan } from "../../../plan/forwarding/forwarding-plan.ts";
import { isHostWide, nodePortAddresses } from "../../../plan/forwarding/node-port-scope.ts";
import type { Cause } from "../../origins.ts";
import { type SetKey, setKeys } from "../set-names.ts";

/** A virtual server and where it sends to. */
export interface VirtualServer {
  /** The line that adds it. */
  readonly add: string;
  readonly key: string;
  readonly endpoints: readonly Endpoint[];
  readonly cause: Cause;
}

/**
 * What the service ports of one family ask of the kernel. Entries that several ask for are kept once; a virtual
 * server belongs to the first that names it.
 */
export interface IpvsObjects {
  /** Per set the entries, each with what asked for it first. Addresses on the dummy device are the set `boundIps`. */
  readonly entries: Readonly<Record<SetKey, Map<string, Cause>>>;
  /** By key, such as `-t 10.96.0.10:80`. */
  readonly servers: Map<string, VirtualServer>;
  /** Rules that keep this node from load balancer addresses whose source ranges leave it out. */
  readonly nodeDropRules: { readonly rule: string; readonly cause: Cause }[];
}

export function createIpvsObjects(): IpvsObjects {
  const entries = Object.fromEntries(setKeys.map((key) => [key, new Map()])) as Record<SetKey, Map<string, Cause>>;
  return { entries, servers: new Map(), nodeDropRules: [] };
}

/** What lowering a service port needs to know besides its plan. */
export interface IpvsContext {
  readonly ipvs: IpvsSettings;
  /** Where node ports are served: a virtual server stands on each. */
  readonly nodePortAddresses: readonly IpAddress[];
  /** Every address of the host. */
  readonly hostAddresses: ReadonlySet<string>;
  /** Told about a second service port on the address and port of a virtual server. */
  readonly reportShared: (plan: ServicePortPlan, address: string, cause: Cause) => void;
}

/** What holds for all service ports of a family. */
export function createContext(
  settings: FamilySettings,
  ipvs: IpvsSettings,
  reportShared: IpvsContext["reportShared"],
): IpvsContext {
  return {
    ipvs,
    nodePortAddresses: nodePortAddresses(settings),
    hostAddresses: new Set(settings.hostAddresses.filter(isHostWide).map(({ text }) => text)),
    reportShared,
  };
}
