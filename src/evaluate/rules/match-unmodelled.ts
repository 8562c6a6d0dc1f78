import type { Flow } from "../flow/flow.ts";
import type { EvaluatedHost } from "../host.ts";
import { matchConnectionMark } from "./connection-mark.ts";
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
