import type { HostTexts, TextPart, World } from "../../evaluate/host-texts.ts";
import type { ProxyMode } from "../../model/proxy-configuration/proxy-configuration.ts";
import type { OutputFileName } from "../terminal/print-script.ts";

/** A host as texts of tools show it: what a SideNode takes of a dump or an --out-dir folder. */
export interface HostSide {
  /** Undefined where nothing names it: the other side's name serves. */
  readonly name: string | undefined;
  readonly mode: ProxyMode | undefined;
  readonly texts: HostTexts;
  /** Undefined where the texts do not tell. */
  readonly addresses: World["nodeAddresses"] | undefined;
  /** Those that node ports show, perhaps not all: they count where neither side tells. */
  readonly shownAddresses?: World["nodeAddresses"] | undefined;
}

export type HostSides =
  | { readonly kind: "hosts"; readonly hosts: readonly HostSide[] }
  | { readonly kind: "broken"; readonly message: string };

export const noTexts: HostTexts = { iptables: [], ip6tables: [], ipset: [], ipvs: [], serviceAddresses: [] };

/** Parts of one host, put together in the order they come. */
export function joinTexts(all: readonly HostTexts[]): HostTexts {
  const parts = (key: "iptables" | "ip6tables" | "ipset" | "ipvs"): readonly TextPart[] =>
    all.flatMap((texts) => texts[key]);
  return {
    iptables: parts("iptables"),
    ip6tables: parts("ip6tables"),
    ipset: parts("ipset"),
    ipvs: parts("ipvs"),
    serviceAddresses: all.flatMap(({ serviceAddresses }) => serviceAddresses),
  };
}

/** The texts of one host out of the files of `compile --out-dir`, in the order a host takes them in. */
export function textsOfFiles(partsOf: (file: OutputFileName) => readonly TextPart[]): HostTexts {
  return {
    iptables: [...partsOf("iptables.restore"), ...partsOf("iptables.jumps")],
    ip6tables: [...partsOf("ip6tables.restore"), ...partsOf("ip6tables.jumps")],
    ipset: partsOf("ipset.restore"),
    ipvs: partsOf("ipvs.restore"),
    serviceAddresses: partsOf("addresses.batch").flatMap(({ text }) => addressesIn(text)),
  };
}

/** `addr replace 10.96.0.1/32 dev kube-ipvs0`, a line each. */
function addressesIn(batch: string): readonly string[] {
  return [...batch.matchAll(/^addr replace ([^/\s]+)\//gm)].map(([, address]) => address as string);
}
