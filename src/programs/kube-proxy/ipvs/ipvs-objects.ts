import type { IpAddress } from "../../../model/address.ts";
import type { IpvsSettings } from "../../../model/proxy-configuration/proxy-configuration.ts";
import type { Endpoint, FamilySettings, ServicePortPlan } from "../../../plan/forwarding/forwarding-plan.ts";
import { isHostWide, nodePortAddresses } from "../../../plan/forwarding/node-port-scope.ts";
import type { Cause } from "../../origins.ts";
import { type SetKey, setKeys } from "../set-names.ts";

/** A virtual server and its real servers. */
export interface VirtualServer {
  /** The line that adds it. */
  readonly add: string;
  readonly key: string;
  readonly endpoints: readonly Endpoint[];
  readonly cause: Cause;
}

/**
 * The kernel objects of one family's service ports. Shared entries are stored once; a virtual server belongs to the
 * first service port that needs it.
 */
export interface IpvsObjects {
  /** Entries by set, each with its first origin. Addresses on the dummy device are the set `boundIps`. */
  readonly entries: Readonly<Record<SetKey, Map<string, Cause>>>;
  /** By key, such as `-t 10.96.0.10:80`. */
  readonly servers: Map<string, VirtualServer>;
  /** Rules that exclude this node from load balancer addresses whose source ranges do not contain it. */
  readonly nodeDropRules: { readonly rule: string; readonly cause: Cause }[];
}

export function createIpvsObjects(): IpvsObjects {
  const entries = Object.fromEntries(setKeys.map((key) => [key, new Map()])) as Record<SetKey, Map<string, Cause>>;
  return { entries, servers: new Map(), nodeDropRules: [] };
}

/** The input of lowering a service port besides its plan. */
export interface IpvsContext {
  readonly ipvs: IpvsSettings;
  /** The addresses that serve node ports, each with a virtual server. */
  readonly nodePortAddresses: readonly IpAddress[];
  /** Every address of the host. */
  readonly hostAddresses: ReadonlySet<string>;
  /** Called for a second service port on the address and port of a virtual server. */
  readonly reportShared: (plan: ServicePortPlan, address: string, cause: Cause) => void;
}

/** What is common to all service ports of a family. */
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
