import { type ChangeStep, feed } from "../ir/step.ts";
import { iptablesChains as chains } from "../programs/kube-proxy/chain-names.ts";
import { addressDevice } from "../programs/kube-proxy/names.ts";
import type { OwnedState } from "./owned-state.ts";

/** What is not as wanted of the device that carries service addresses. */
export interface AddressChange {
  readonly makesDevice: boolean;
  readonly removesDevice: boolean;
  readonly missing: readonly string[];
  readonly extra: readonly string[];
}

export function diffAddresses(wanted: OwnedState["addresses"], found: OwnedState["addresses"]): AddressChange {
  const removesDevice = wanted === undefined && found !== undefined;
  return {
    makesDevice: wanted !== undefined && found === undefined,
    removesDevice,
    missing: [...(wanted ?? [])].filter((cidr) => !found?.has(cidr)),
    extra: [...(found ?? [])].filter((cidr) => !wanted?.has(cidr)),
  };
}

const batch = ["ip", "-batch", "-"];

/** From then on packets to the addresses are for this host. */
export function bindAddresses({ makesDevice, missing }: AddressChange): readonly ChangeStep[] {
  const make = { purpose: "create the device for service addresses", stdin: "" };
  const device = makesDevice ? [{ ...make, argv: ["ip", "link", "add", addressDevice, "type", "dummy"] }] : [];
  const lines = missing.map((cidr) => `addr replace ${cidr} dev ${addressDevice}`);
  return [...device, ...feed("bind service addresses", batch, lines)];
}

export function unbindAddresses({ removesDevice, extra }: AddressChange): readonly ChangeStep[] {
  if (removesDevice) {
    const argv = ["ip", "link", "del", addressDevice];
    return [{ purpose: "delete the device for service addresses", argv, stdin: "" }];
  }
  const lines = extra.map((cidr) => `addr del ${cidr} dev ${addressDevice}`);
  return feed("unbind service addresses", batch, lines);
}

/** The settings that have another value than wanted. */
export function diffSysctls(wanted: OwnedState["sysctls"], found: OwnedState["sysctls"]): ReadonlyMap<string, string> {
  return new Map([...wanted].filter(([name, value]) => found.get(name) !== value));
}

/** Lets packets to 127.0.0.0/8 in from other hosts. */
export const routeLocalnet = "net.ipv4.conf.all.route_localnet";

export function setSysctls(
  changes: ReadonlyMap<string, string>,
  isNow: (name: string) => boolean,
): readonly ChangeStep[] {
  const lines = [...changes].filter(([name]) => isNow(name)).map(([name, value]) => `${name} = ${value}`);
  return feed("set sysctls", ["sysctl", "-p", "-"], lines);
}

/** Before this the kernel may not even know the settings. */
export function loadIpvs(wanted: OwnedState, found: OwnedState): readonly ChangeStep[] {
  const isNeeded = wanted.addresses !== undefined && found.timeouts === undefined;
  return isNeeded ? [{ purpose: "load IPVS in the kernel", argv: ["ipvsadm", "-Sn"], stdin: "" }] : [];
}

/** Of wanted timeouts a 0 keeps what is. */
export function setTimeouts(wanted: string | undefined, found: string | undefined): readonly ChangeStep[] {
  const before = found?.split(" ") ?? [];
  const isSet = wanted?.split(" ").some((seconds, index) => seconds !== "0" && seconds !== before[index]) ?? false;
  if (wanted === undefined || !isSet) return [];
  return [{ purpose: "set IPVS timeouts", argv: ["ipvsadm", "--set", ...wanted.split(" ")], stdin: "" }];
}

export function addCounters(names: readonly string[]): readonly ChangeStep[] {
  return names.map((name) => ({
    purpose: "create a counter that rules use",
    argv: ["nfacct", "add", name],
    stdin: "",
  }));
}

export function deleteCounters(names: readonly string[]): readonly ChangeStep[] {
  const purpose = "delete a counter that no rule uses";
  return names.map((name) => ({ purpose, argv: ["nfacct", "delete", name], stdin: "" }));
}

/**
 * Settings that go back to the kernel's defaults, since only what is to go needed them: those of IPVS with the service
 * addresses, and route_localnet with the rule that guards it, without which it would open 127.0.0.0/8 to neighbours.
 * ip_forward and arp_* may be somebody else's as well and stay.
 */
export function leftoverSettings(
  wanted: OwnedState,
  found: OwnedState,
  hasForeignServers: boolean,
): ReadonlyMap<string, string> {
  const losesIpvs = found.addresses !== undefined && wanted.addresses === undefined && !hasForeignServers;
  const losesGuard = isGuarded(found) && !isGuarded(wanted) && found.rules.ipv4?.sharedWithKubelet === false;
  const names = [...found.sysctls.keys()].filter(
    (name) => (losesIpvs && name.startsWith("net.ipv4.vs.")) || (losesGuard && name === routeLocalnet),
  );
  return new Map(names.map((name) => [name, "0"]));
}

/** Whether nobody else has a use for the setting. */
export function isOnlyOurs(name: string): boolean {
  return name === routeLocalnet || name.startsWith("net.ipv4.vs.");
}

function isGuarded({ rules }: OwnedState): boolean {
  const guard = rules.ipv4?.tables.get("filter")?.chains.get(chains.kubeletFirewall);
  return guard !== undefined && guard.length > 0;
}
