import { type IpAddress, parseIp } from "../../model/address.ts";
import { compareBytes } from "../../model/fields/compare.ts";
import type { IpvsSettings } from "../../model/proxy-configuration/proxy-configuration.ts";
import type { FamilySettings, ServicePortPlan } from "../../resolve/forwarding-plan.ts";
import type { Cause } from "../cause.ts";

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

/** The host's addresses that node ports are served on: not loopback, and of IPv6 none that holds for one link only. */
function nodePortAddresses({ nodePorts, hostAddresses }: FamilySettings): readonly IpAddress[] {
  const chosen =
    nodePorts.kind === "every-address"
      ? hostAddresses.filter(isHostWide)
      : nodePorts.addresses.map(parseIp).filter((ip) => ip !== undefined && !ip.text.startsWith("127."));
  const unique = new Map(chosen.flatMap((ip) => (ip === undefined ? [] : [[ip.text, ip]])));
  return [...unique.values()].sort((a, b) => compareBytes(a.text, b.text));
}

function isHostWide({ text }: IpAddress): boolean {
  return !/^fe[89ab][0-9a-f]:/.test(text);
}
