import type { Action } from "../../ir/datapath.ts";
import { parsePortRange } from "./parse-match.ts";
import type { Target } from "./rule.ts";
import { parseValueAndMask } from "./words.ts";
import { printTarget } from "./write-rule.ts";

/** What a target does with packets. */
export function actionOf(target: Target): Action {
  switch (target.kind) {
    case "none":
      return { kind: "continue" };
    case "accept":
    case "drop":
    case "return":
      return { kind: "verdict", verdict: target.kind };
    case "reject":
      return { kind: "reject", with: target.with };
    case "jump":
      return { kind: "jump", chain: target.chain, isOptional: nonTerminatingTargets.has(target.chain) };
    case "goto":
      return { kind: "goto", chain: target.chain };
    case "mark":
      return { kind: "set-mark", of: "packet", value: target.value, mask: target.mask };
    case "connmark-set":
      return { kind: "set-mark", of: "connection", value: target.value, mask: target.mask };
    case "connmark-save":
    case "connmark-restore": {
      const { packetMask, connectionMask } = target;
      const kind = target.kind === "connmark-save" ? "save-mark" : "restore-mark";
      return { kind, packetMask, connectionMask, text: spelled(target) };
    }
    case "dnat":
      return dnatOf(target.destination, [], spelled(target));
    case "redirect": {
      const { ports, random: isRandom } = target;
      return { kind: "dnat", to: { kind: "this-node" }, ports, isRandom, text: spelled(target) };
    }
    case "masquerade":
      return { kind: "masquerade" };
    case "snat":
      return { kind: "snat", address: sourceAddress(target.source) };
    case "netmap":
      return { kind: "map-network", to: target.to, text: spelled(target) };
    case "notrack":
      return { kind: "no-track" };
    case "tproxy":
      return { kind: "unknown", text: spelled(target), ends: true };
    case "unknown":
      return unknownAction(target.words);
  }
}

function spelled(target: Target): string {
  return printTarget(target).join(" ");
}

const destinationForms = {
  bracketed: /^\[([0-9a-f:.]+)\](?::(.+))?$/i,
  ipv4: /^([0-9.]*)(?::(.+))?$/,
  ipv6: /^([0-9a-f:.]+)$/i,
};

/** `10.0.0.1:80`, `[fd00::1]:80-90`, `10.0.0.1`, `:80`; a range of addresses is unknown. */
function dnatOf(destination: string, flags: readonly string[], text: string): Action {
  const { bracketed, ipv4, ipv6 } = destinationForms;
  const [, address, portText] = bracketed.exec(destination) ?? ipv4.exec(destination) ?? ipv6.exec(destination) ?? [];
  const ports = portText === undefined ? undefined : parsePortRange(portText, "-");
  if (address === undefined || (portText !== undefined && ports === undefined))
    return { kind: "unknown", text, ends: true };
  const to = address === "" ? ({ kind: "unchanged" } as const) : ({ kind: "address", address } as const);
  return { kind: "dnat", to, ports, isRandom: flags.includes("--random"), text };
}

/** `1.2.3.4:1000-2000`, `[fd00::1]:1000`: without the ports. */
function sourceAddress(source: string): string {
  const [, bracketed] = /^\[([^\]]*)\]/.exec(source) ?? [];
  return bracketed ?? (source.split(":").length > 2 ? source : (source.split(":")[0] ?? source));
}

/** Extensions that inspect or count packets, or change what no match here reads; evaluation continues. */
const nonTerminatingTargets: ReadonlySet<string> = new Set(
  (
    "LOG NFLOG ULOG TRACE AUDIT CHECKSUM CLASSIFY CONNSECMARK CT DSCP ECN HL IDLETIMER LED RATEEST SECMARK SET TCPMSS " +
    "TCPOPTSTRIP TEE TOS TTL"
  ).split(" "),
);

/** Forms that iptables saves and that have no target kind. */
function unknownAction(words: readonly string[]): Action {
  const [option, name = "", first, value = "", ...flags] = words;
  const text = words.join(" ");
  if (option !== "-j") return { kind: "unknown", text, ends: false };
  if (nonTerminatingTargets.has(name)) return { kind: "continue" };
  if (name === "MASQUERADE") return { kind: "masquerade" };
  if (name === "SNAT") return { kind: "snat", address: undefined };
  if (name === "DNAT" && first === "--to-destination") return dnatOf(value, flags, text);
  if (name === "MARK" && first === "--set-xmark") {
    const mark = parseValueAndMask(value);
    if (mark !== undefined && flags.length === 0) return { kind: "set-mark", of: "packet", ...mark };
  }
  // Whatever the options, the destination changes and no further nat rule is evaluated.
  return { kind: "unknown", text, ends: ["DNAT", "REDIRECT", "NETMAP", "TPROXY"].includes(name) };
}
