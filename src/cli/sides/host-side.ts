import type { HostTexts, TextPart, World } from "../../evaluate/host-texts.ts";
import type { ProxyMode } from "../../model/proxy-configuration/proxy-configuration.ts";
import { type TextTool, toolsByFile } from "../../tools/text-tools.ts";

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

/** The texts of one host by tool, in the order they come. */
export function textsByTool(all: readonly (TextPart & { readonly tool: TextTool })[]): HostTexts {
  const parts = (wanted: TextTool): readonly TextPart[] =>
    all.filter(({ tool }) => tool === wanted).map(({ file, text }) => ({ file, text }));
  return {
    iptables: parts("iptables"),
    ip6tables: parts("ip6tables"),
    ipset: parts("ipset"),
    ipvs: parts("ipvs"),
    serviceAddresses: parts("addresses").flatMap(({ text }) => addressesIn(text)),
  };
}

/** The texts of one host out of the files of `compile --out-dir`. */
export function textsOfFiles(partsOf: (file: string) => readonly TextPart[]): HostTexts {
  return textsByTool([...toolsByFile].flatMap(([file, tool]) => partsOf(file).map((part) => ({ ...part, tool }))));
}

/** `addr replace 10.96.0.1/32 dev kube-ipvs0`, a line each. */
function addressesIn(batch: string): readonly string[] {
  return [...batch.matchAll(/^addr replace ([^/\s]+)\//gm)].map(([, address]) => address as string);
}
