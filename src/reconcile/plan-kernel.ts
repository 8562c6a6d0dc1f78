import { feed, type Step } from "../ir/artifact.ts";
import { addressDevice, ownChains } from "../programs/registry.ts";
import type { OwnedState } from "./owned-state.ts";

/** Differences of the device with the service addresses. */
export interface AddressChange {
  readonly makesDevice: boolean;
  readonly removesDevice: boolean;
  readonly missing: readonly string[];
  readonly extra: readonly string[];
}

export function diffAddresses(desired: OwnedState["addresses"], live: OwnedState["addresses"]): AddressChange {
  const removesDevice = desired === undefined && live !== undefined;
  return {
    makesDevice: desired !== undefined && live === undefined,
    removesDevice,
    missing: [...(desired ?? [])].filter((cidr) => !live?.has(cidr)),
    extra: [...(live ?? [])].filter((cidr) => !desired?.has(cidr)),
  };
}

const batch = ["ip", "-batch", "-"];

/** From now on packets to the addresses are delivered to this host. */
export function bindAddresses({ makesDevice, missing }: AddressChange): readonly Step[] {
  const make = { purpose: "create the device for service addresses", stdin: "" };
  const device = makesDevice ? [{ ...make, argv: ["ip", "link", "add", addressDevice, "type", "dummy"] }] : [];
  const lines = missing.map((cidr) => `addr replace ${cidr} dev ${addressDevice}`);
  return [...device, ...feed("bind service addresses", batch, lines)];
}

export function unbindAddresses({ removesDevice, extra }: AddressChange): readonly Step[] {
  if (removesDevice) {
    const argv = ["ip", "link", "del", addressDevice];
    return [{ purpose: "delete the device for service addresses", argv, stdin: "" }];
  }
  const lines = extra.map((cidr) => `addr del ${cidr} dev ${addressDevice}`);
  return feed("unbind service addresses", batch, lines);
}

/** Sysctls with another value than desired. */
export function diffSysctls(desired: OwnedState["sysctls"], live: OwnedState["sysctls"]): ReadonlyMap<string, string> {
  return new Map([...desired].filter(([name, value]) => live.get(name) !== value));
}

/** Accepts packets to 127.0.0.0/8 from other hosts. */
export const routeLocalnet = "net.ipv4.conf.all.route_localnet";

export function setSysctls(changes: ReadonlyMap<string, string>, isNow: (name: string) => boolean): readonly Step[] {
  const lines = [...changes].filter(([name]) => isNow(name)).map(([name, value]) => `${name} = ${value}`);
  return feed("set sysctls", ["sysctl", "-p", "-"], lines);
}

/** Before IPVS is loaded the kernel may not have its sysctls. */
export function loadIpvs(desired: OwnedState, live: OwnedState): readonly Step[] {
  const isNeeded = desired.addresses !== undefined && live.timeouts === undefined;
  return isNeeded ? [{ purpose: "load IPVS in the kernel", argv: ["ipvsadm", "-Sn"], stdin: "" }] : [];
}

/** A desired timeout of 0 keeps the current value. */
export function setTimeouts(desired: string | undefined, live: string | undefined): readonly Step[] {
  const before = live?.split(" ") ?? [];
  const isSet = desired?.split(" ").some((seconds, index) => seconds !== "0" && seconds !== before[index]) ?? false;
  if (desired === undefined || !isSet) return [];
  return [{ purpose: "set IPVS timeouts", argv: ["ipvsadm", "--set", ...desired.split(" ")], stdin: "" }];
}

export function addCounters(names: readonly string[]): readonly Step[] {
  return names.map((name) => ({
    purpose: "create a counter that rules use",
    argv: ["nfacct", "add", name],
    stdin: "",
  }));
}

export function deleteCounters(names: readonly string[]): readonly Step[] {
  const purpose = "delete a counter that no rule uses";
  return names.map((name) => ({ purpose, argv: ["nfacct", "delete", name], stdin: "" }));
}

/**
 * Sysctls to reset to the kernel's defaults: those of IPVS together with the service addresses, and route_localnet
 * together with its filter rule, without which neighbours could reach 127.0.0.0/8. Others may need ip_forward and
 * arp_*.
 */
export function staleSysctls(
  desired: OwnedState,
  live: OwnedState,
  hasForeignServers: boolean,
): ReadonlyMap<string, string> {
  const losesIpvs = live.addresses !== undefined && desired.addresses === undefined && !hasForeignServers;
  const losesGuard = isGuarded(live) && !isGuarded(desired) && live.rules.ipv4?.isShared === false;
  const names = [...live.sysctls.keys()].filter(
    (name) => (losesIpvs && name.startsWith("net.ipv4.vs.")) || (losesGuard && name === routeLocalnet),
  );
  return new Map(names.map((name) => [name, "0"]));
}

/** Whether no other program needs the sysctl. */
export function isOnlyOurs(name: string): boolean {
  return name === routeLocalnet || name.startsWith("net.ipv4.vs.");
}

function isGuarded({ rules }: OwnedState): boolean {
  const filter = rules.ipv4?.tables.get("filter")?.chains;
  return ownChains.named("guard").some((guard) => (filter?.get(guard)?.length ?? 0) > 0);
}
