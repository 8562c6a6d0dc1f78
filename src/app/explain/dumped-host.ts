import { CommandFailure, exitCodes } from "../../cli/exit-codes.ts";
import { hasState, type StateFlags, wantedFamilies } from "../../cli/program/state-flags.ts";
import type { Progress } from "../../cli/terminal/progress.ts";
import { readEvaluatedHost } from "../../datapath/host.ts";
import { type IpAddress, parseIp } from "../../model/address.ts";
import type { Node } from "../../model/objects/node.ts";
import { readHost, thisHost } from "../host/read-host.ts";
import { readState, type State } from "../read-state.ts";
import { type HostSide, hostSideOf } from "../sides/host-side.ts";
import { readSide } from "../sides/read-side.ts";
import { type Asked, tellDiagnostics } from "./compiled-host.ts";
import { causesTo } from "./rule-causes.ts";
import { knownOf, nodeAddresses, nothingKnown } from "./state-knowledge.ts";

/** The state, where there is any, is only for names and causes. */
export interface DumpFlags extends StateFlags {
  readonly actual: string;
  readonly nodeAddress?: readonly string[];
}

/** The host to ask is the one that a dump shows. */
export async function dumpedHost(flags: DumpFlags, progress: Progress): Promise<Asked> {
  const side = await readHostSide(flags, progress);
  const node = flags.node ?? side.name;
  const given = flags.nodeAddress ?? side.addresses;
  const stateFlags = { ...flags, ...(node === undefined ? {} : { node }) };
  const state = hasState(flags) ? await readNames(stateFlags, given, progress) : undefined;
  const known = state === undefined ? nothingKnown : knownOf(state);
  const inState = state && nodeInState(state, node);
  const addresses = (given ?? []).map(parseIp).filter((ip) => ip !== undefined);
  const own = given === undefined ? (inState?.addresses ?? []).map(({ ip }) => ip) : addresses;
  progress.tell("reading the rules");
  const host = readEvaluatedHost(side.texts, {
    nodeAddresses: own.map(({ text }) => text),
    podRanges: (inState?.podCidrs ?? []).map(({ text }) => text),
  });
  const name = node ?? inState?.name ?? flags.actual;
  return {
    surroundings: { ...known, node: name, nodeAddresses: nodeAddresses(own), host },
    explained: {
      node: name,
      mode: side.mode ?? null,
      host,
      causesTo: state === undefined ? () => () => undefined : causesTo(state, node),
      endpointAt: known.endpointAt,
      assumptions: assumptionsOf(own, given === undefined && inState !== undefined),
    },
  };
}

function assumptionsOf(own: readonly IpAddress[], isOfState: boolean): readonly string[] {
  if (own.length === 0)
    return ["no address of this node is known: none but loopback is taken for its own (--node-address)"];
  const list = own.map(({ text }) => text).join(", ");
  return isOfState ? [`the dump does not tell the addresses of this node: those of its Node are taken, ${list}`] : [];
}

async function readNames(flags: StateFlags, hostAddresses: readonly string[] | undefined, { tell }: Progress) {
  const state = await readState(flags, { families: wantedFamilies(flags.family), hostAddresses }, tell);
  tellDiagnostics(state, flags.color);
  return state;
}

function nodeInState({ cluster: { nodes } }: State, name: string | undefined): Node | undefined {
  return name === undefined ? nodes[0] : nodes.find((node) => node.name === name);
}

async function readHostSide({ actual, node }: DumpFlags, progress: Progress): Promise<HostSide> {
  progress.tell(`reading ${actual}`);
  const hosts = actual === thisHost ? await readThisHost(progress) : await readHosts(actual);
  const [only, second] = node === undefined || hosts.length === 1 ? hosts : hosts.filter(({ name }) => name === node);
  if (only !== undefined && second === undefined) return only;
  const names = hosts.map(({ name }) => name ?? "one without a name").join(", ");
  throw new CommandFailure(`${actual} holds several hosts: ${names}; choose one with --node`, exitCodes.usage);
}

async function readThisHost(progress: Progress): Promise<readonly HostSide[]> {
  const { document } = await readHost(thisHost, progress);
  const side = hostSideOf(document, "this host");
  return typeof side === "string" ? [] : [side];
}

async function readHosts(path: string): Promise<readonly HostSide[]> {
  const content = await readSide(path, false);
  if (content.kind === "hosts") return content.hosts;
  const reason = content.kind === "empty" ? content.reason : `${path} holds no rules: take iptables-save, or collect`;
  throw new CommandFailure(reason, exitCodes.invalidInput);
}
