import { at } from "../../diagnostics/place.ts";
import { type Cidr, parseCidr } from "../address.ts";
import { type Fields, placeOf, recordField, textField } from "../fields/fields.ts";
import { oneOf } from "../fields/parse-addresses.ts";
import { refuse } from "./check-proxy-settings.ts";
import type { DetectLocal } from "./proxy-configuration.ts";

const modes = ["ClusterCIDR", "NodeCIDR", "BridgeInterface", "InterfaceNamePrefix"] as const;
type Mode = (typeof modes)[number];

/** detectLocalMode with the only field it uses; the others are warned about when they are set. */
export function parseDetectLocal(fields: Fields): DetectLocal {
  const mode =
    oneOf(fields, "detectLocalMode", textField(fields, "detectLocalMode") || undefined, modes) ?? "ClusterCIDR";
  const detect = recordField(fields, "detectLocal") ?? {
    value: {},
    place: at(fields.place, "detectLocal"),
    report: fields.report,
  };
  const clusterCidr = textField(fields, "clusterCIDR") ?? "";
  const bridge = textField(detect, "bridgeInterface") ?? "";
  const prefix = textField(detect, "interfaceNamePrefix") ?? "";
  if (clusterCidr !== "" && mode !== "ClusterCIDR") warnIgnored(fields, "clusterCIDR", mode);
  if (bridge !== "" && mode !== "BridgeInterface") warnIgnored(detect, "bridgeInterface", mode);
  if (prefix !== "" && mode !== "InterfaceNamePrefix") warnIgnored(detect, "interfaceNamePrefix", mode);
  switch (mode) {
    case "ClusterCIDR":
      return { kind: "cluster-cidr", cidrs: parseClusterCidrs(fields, clusterCidr) };
    case "NodeCIDR":
      return { kind: "node-cidr" };
    case "BridgeInterface":
      return { kind: "bridge-interface", name: checkInterface(detect, "bridgeInterface", bridge, 15) };
    case "InterfaceNamePrefix":
      // iptables appends the wildcard "+", which counts.
      return { kind: "interface-prefix", prefix: checkInterface(detect, "interfaceNamePrefix", prefix, 14) };
  }
}

function warnIgnored(fields: Fields, field: string, mode: Mode): void {
  fields.report("detect-local-ignored", placeOf(fields, field), { field, mode }, { caret: "key" });
}

function parseClusterCidrs(fields: Fields, text: string): readonly Cidr[] {
  if (text === "") return [];
  const texts = text.split(",");
  const cidrs = texts.map((one) => parseCidr(one)).filter((cidr) => cidr !== undefined);
  if (cidrs.length !== texts.length) refuse(fields, "clusterCIDR", "must hold CIDRs", text);
  else if (cidrs.length > 2 || (cidrs.length === 2 && cidrs[0]?.family === cidrs[1]?.family)) {
    refuse(fields, "clusterCIDR", "must be one CIDR, or one of each family", text);
  }
  return cidrs;
}

function checkInterface(detect: Fields, field: string, name: string, longest: number): string {
  if (name === "") refuse(detect, field, "must not be empty", "an empty one");
  else if (name.length > longest || !/^(?!!)[!#-&(-.0-[\]-~]+$/.test(name)) {
    detect.report("interface-name-invalid", placeOf(detect, field), { got: name });
  }
  return name;
}
