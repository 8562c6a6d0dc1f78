import { parseValueAndMask } from "../languages/iptables/words.ts";
import type { Flow } from "./flow.ts";
import type { EvaluatedHost } from "./host.ts";
import { isLocal, type Matched, none, opposite, unknown, yesOrNo } from "./match-packet.ts";

/**
 * Matches that kube-proxy never writes. Those whose answer follows from what a packet here is (the first of a
 * connection, with a destination port) are answered; of the others nobody can tell.
 */
export function matchUnmodelled(words: readonly string[], flow: Flow, host: EvaluatedHost): Matched {
  const negated = words[0] === "!";
  const [option = "", ...rest] = negated ? words.slice(1) : words;
  const matched = answer(option, rest, flow, host) ?? unknown([option, ...rest].join(" "));
  return negated ? opposite(matched) : matched;
}

function answer(option: string, rest: readonly string[], flow: Flow, host: EvaluatedHost): Matched | undefined {
  if (option === "-f") return none;
  if (option === "-o" && rest[0] === "lo")
    return yesOrNo(flow.packet.entry === "node" && isLocal(flow.destination, host));
  if (option !== "-m") return undefined;
  const [module, ...options] = rest;
  switch (module) {
    case "state":
      return matchState(options, flow);
    case "multiport":
      return matchPorts(options, flow);
    case "tcp":
    case "udp":
    case "sctp":
      return flow.packet.protocol === module ? undefined : none;
    case "connmark": {
      const matched = matchConnectionMark(options, flow);
      return matched === undefined ? undefined : yesOrNo(matched);
    }
    case "icmp":
    case "icmp6":
      return none;
    default:
      return undefined;
  }
}

function matchState(options: readonly string[], { state }: Flow): Matched | undefined {
  const [option, states = ""] = options;
  return option === "--state" && options.length === 2 ? yesOrNo(states.split(",").includes(state)) : undefined;
}

function matchPorts(options: readonly string[], { port }: Flow): Matched | undefined {
  const negated = options[0] === "!";
  const [option, list = "", ...more] = negated ? options.slice(1) : options;
  if (option !== "--dports" || more.length > 0) return undefined;
  const hit = list.split(",").some((range) => {
    const [from = "", to = from] = range.split(":");
    return Number(from) <= port && port <= Number(to);
  });
  return yesOrNo(hit !== negated);
}

/**
 * What `-j CONNMARK`, as iptables-save spells it, does to a packet and to the mark conntrack keeps of its connection
 * (connmark_tg in the kernel's xt_connmark.c). Undefined where the text, or a connection that is not new, leaves it open.
 */
export function markConnection(options: readonly string[], flow: Flow): Flow | undefined {
  const { mark, connectionMark } = flow;
  const [action, first = "", second, third = "", fourth = "", ...more] = options;
  if (connectionMark === undefined || more.length > 0) return undefined;
  if (action === "--set-xmark" && second === undefined) {
    const set = parseValueAndMask(first);
    return set && { ...flow, connectionMark: ((connectionMark & ~set.mask) ^ set.value) >>> 0 };
  }
  const packetMask = first === "--nfmask" ? parseMask(second) : undefined;
  const connectionMask = third === "--ctmask" ? parseMask(fourth) : undefined;
  if (packetMask === undefined || connectionMask === undefined) return undefined;
  if (action === "--save-mark") {
    return { ...flow, connectionMark: ((connectionMark & ~connectionMask) ^ (mark & packetMask)) >>> 0 };
  }
  if (action !== "--restore-mark") return undefined;
  return { ...flow, mark: ((mark & ~packetMask) ^ (connectionMark & connectionMask)) >>> 0 };
}

function parseMask(text: string | undefined): number | undefined {
  return text !== undefined && /^0x[0-9a-f]{1,8}$/i.test(text) ? Number(text) : undefined;
}

/** `--mark 0x1/0x1` of `-m connmark`, with or without `!` before it. */
export function matchConnectionMark(options: readonly string[], { connectionMark }: Flow): boolean | undefined {
  const negated = options[0] === "!";
  const [option, text = "", ...more] = negated ? options.slice(1) : options;
  const asked = parseValueAndMask(text);
  if (option !== "--mark" || more.length > 0 || asked === undefined || connectionMark === undefined) return undefined;
  return ((connectionMark & asked.mask) >>> 0 === asked.value) !== negated;
}
