import { type ScriptStep, toolNames } from "../../ir/artifact.ts";
import { quote } from "../../languages/iptables/words.ts";
import {
  addressType,
  appendTo,
  comment,
  declare,
  destination,
  destinationPort,
  dnat,
  jump,
  mark,
  masquerade,
  protocol,
  quotedComment,
  setMarkBit,
  source,
} from "../../languages/iptables/write.ts";
import { type Family, families, joinHostPort, parseCidr } from "../../model/address.ts";
import type { HostPortsPlan, PodAddress, PodPortsPlan, PortMapping } from "../../plan/hostports/host-ports-plan.ts";
import { type CausedLine, mappingCause, podCause, portmapCause, sysctlSteps, textOf } from "./lowering.ts";
import { portmapChains as chains, podChain } from "./names.ts";

/**
 * portmap's iptables back end (v1.10.0): table nat of the families that its pods have, then the jumps into it. In
 * PREROUTING and OUTPUT portmap appends, so that kube-proxy's rules come first; in POSTROUTING it comes first.
 */
export function lowerPortmapIptables(plan: HostPortsPlan, keepsOrigins: boolean): readonly ScriptStep[] {
  const used = families.filter((family) => plan.pods.some(({ addresses }) => addressIn(addresses, family)));
  return [...used.flatMap((family) => lowerFamily(plan, family, keepsOrigins)), ...sysctlSteps(plan)];
}

function lowerFamily(plan: HostPortsPlan, family: Family, keepsOrigins: boolean): readonly ScriptStep[] {
  const tool = toolNames[family];
  const argv = [`${tool}-restore`, "--noflush", "--wait", "5"];
  const file = family === "ipv4" ? "hostports" : "hostports6";
  const step = { argv, language: "iptables", family } as const;
  return [
    {
      ...step,
      ...textOf(chainLines(plan, family), keepsOrigins),
      purpose: "map the host ports of pods",
      file: `${file}.restore`,
    },
    {
      ...step,
      ...textOf(jumpLines(plan), keepsOrigins),
      purpose: "lead traffic to host ports, after Services",
      file: `${file}.jumps`,
      appendsTo: ["PREROUTING", "OUTPUT"],
    },
  ];
}

function shared(text: string): CausedLine {
  return { text, cause: /^[:-]/.test(text) ? portmapCause : undefined };
}

function jumpLines({ plugin }: HostPortsPlan): readonly CausedLine[] {
  const local = addressType("dst", "LOCAL") + jump(chains.dnat);
  const marked = comment("CNI portfwd requiring masquerade") + jump(chains.masquerade);
  const rules = [appendTo("PREROUTING") + local, appendTo("OUTPUT") + local];
  if (hasMarkChains(plugin)) rules.push(appendTo("POSTROUTING") + marked);
  return ["*nat", ...rules, "COMMIT"].map(shared);
}

/** Its own chains that mark and masquerade; with externalSetMarkChain another program's do. */
function hasMarkChains({ snat, externalSetMarkChain }: HostPortsPlan["plugin"]): boolean {
  return snat && externalSetMarkChain === undefined;
}

function chainLines(plan: HostPortsPlan, family: Family): readonly CausedLine[] {
  const { plugin, network } = plan;
  const pods = plan.pods.flatMap((pod) => {
    const address = addressIn(pod.addresses, family);
    const name = podChain(network, pod.containerId);
    return address === undefined || pod.isRefused ? [] : [{ pod, address, name }];
  });
  const bit = 2 ** (plugin.markMasqBit ?? defaultMarkBit);
  const marks = hasMarkChains(plugin);
  const markRules = [
    appendTo(chains.setMark) + comment("CNI portfwd masquerade mark") + setMarkBit(bit),
    appendTo(chains.masquerade) + mark(bit) + masquerade(false),
  ];
  return [
    ...["*nat", declare(chains.dnat)].map(shared),
    ...(marks ? [declare(chains.setMark), declare(chains.masquerade)].map(shared) : []),
    ...pods.map(({ pod, name }) => ({ text: declare(name), cause: podCause(pod) })),
    ...(marks ? markRules.map(shared) : []),
    ...pods.flatMap(({ pod, name }) => entryRules(plan, pod, name, family)),
    ...pods.flatMap(({ pod, address, name }) =>
      distinct(pod.mappings.flatMap((mapping) => mappingRules(plan, { pod, address, name }, mapping))),
    ),
    shared("COMMIT"),
  ];
}

const defaultMarkBit = 13;
const portsPerRule = 15;
const longestComment = 255;

/** The pod's rules in the shared chain: for each protocol by name, fifteen ports each. */
function entryRules(
  { network, plugin }: HostPortsPlan,
  pod: PodPortsPlan,
  chain: string,
  family: Family,
): readonly CausedLine[] {
  const note = shortened(`dnat name: "${network}" id: "${pod.containerId}"`);
  const { before, after } = splitConditions(plugin.conditions[family]);
  const names = [...new Set(pod.mappings.map(({ protocol: name }) => name.toLowerCase()))].sort();
  const lines = names.flatMap((name) => {
    const ports = pod.mappings.filter((mapping) => mapping.protocol.toLowerCase() === name);
    return chunks(ports, portsPerRule).flatMap((some) => {
      const multiport = ` -m multiport --dports ${some.map(({ hostPort }) => hostPort).join(",")}`;
      const ending = protocol(name) + quotedComment(note) + multiport + after + jump(chain);
      return before.map((conditions) => ({
        text: appendTo(chains.dnat) + conditions + ending,
        cause: podCause(pod),
      }));
    });
  });
  return distinct(lines);
}

/** iptables cuts the comment at 255 bytes, and so the last dot of three. */
function shortened(text: string): string {
  return text.length > longestComment ? `${text.slice(0, longestComment - 2)}..` : text;
}

/** The options that iptables-save prints in front, in its order. */
const leading = ["-s", "-d", "-i", "-o"] as const;

const longNames: Readonly<Record<string, string>> = {
  "--source": "-s",
  "--src": "-s",
  "--destination": "-d",
  "--dst": "-d",
  "--in-interface": "-i",
  "--out-interface": "-o",
};

/**
 * Conditions as iptables-save prints them: addresses and interfaces in front, other matches behind. A list of addresses
 * makes a rule for each.
 */
function splitConditions(words: readonly string[]): { readonly before: readonly string[]; readonly after: string } {
  const found = new Map<string, readonly string[]>();
  let after = "";
  for (let at = 0; at < words.length; at++) {
    const isNegated = words[at] === "!";
    const option = words[isNegated ? at + 1 : at] ?? "";
    const short = longNames[option] ?? option;
    if (!leading.some((each) => each === short)) {
      after += ` ${/[\s"'\\]/.test(words[at] ?? "") ? quote(words[at] ?? "") : words[at]}`;
      continue;
    }
    at += isNegated ? 2 : 1;
    const values = (words[at] ?? "").split(",").map(asNetwork);
    found.set(
      short,
      values.map((value) => `${isNegated ? " !" : ""} ${short} ${value}`),
    );
  }
  const before = leading.reduce<readonly string[]>(
    (starts, option) => starts.flatMap((start) => (found.get(option) ?? [""]).map((spelled) => start + spelled)),
    [""],
  );
  return { before, after };
}

/** An address as the network it is, without bits beyond the prefix; the name of an interface as it is. */
function asNetwork(value: string): string {
  const whole = value.includes("/") ? value : `${value}/${value.includes(":") ? 128 : 32}`;
  return parseCidr(whole)?.text ?? value;
}

interface PodChain {
  readonly pod: PodPortsPlan;
  readonly address: PodAddress;
  readonly name: string;
}

/** Marks what must be masqueraded, then DNAT. Nothing for a host IP of the other family. */
function mappingRules(
  { plugin }: HostPortsPlan,
  { pod, address: { ip, network }, name }: PodChain,
  mapping: PortMapping,
): readonly CausedLine[] {
  if (mapping.family !== undefined && mapping.family !== ip.family) return [];
  const whole = ip.family === "ipv4" ? "/32" : "/128";
  const to = mapping.hostIp === undefined ? "" : destination(mapping.hostIp.text + whole);
  const proto = mapping.protocol.toLowerCase();
  const port = protocol(proto) + destinationPort(proto, mapping.hostPort);
  const marked = jump(plugin.externalSetMarkChain ?? chains.setMark);
  const sources = plugin.masqAll
    ? [""]
    : [source(network.text), ...(ip.family === "ipv4" ? [source("127.0.0.1/32")] : [])];
  const marks = plugin.snat ? sources.map((from) => appendTo(name) + from + to + port + marked) : [];
  const target = dnat(joinHostPort(ip, mapping.containerPort));
  const cause = mappingCause(pod, mapping);
  return [...marks, appendTo(name) + to + port + target].map((text) => ({ text, cause }));
}

/** A rule that is there is not added again. */
function distinct(lines: readonly CausedLine[]): readonly CausedLine[] {
  const known = new Set<string>();
  return lines.filter(({ text }) => !known.has(text) && known.add(text));
}

function addressIn(addresses: readonly PodAddress[], family: Family): PodAddress | undefined {
  return addresses.find(({ ip }) => ip.family === family);
}

function chunks<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size));
}
