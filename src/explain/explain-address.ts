import {
  addressNumber,
  canonicalAddress,
  contains,
  isAddress,
  parseAddressSet,
  parseTarget,
  printTarget,
} from "../datapath/address-set.ts";
import { type Origin, originOf, type Place } from "../diagnostics/place.ts";
import type { Cluster } from "../model/cluster.ts";
import { placeOfEndpoint } from "../model/objects/endpoint-slice.ts";
import type { Service, Vip } from "../model/objects/service.ts";
import { ownChains, serviceInRule } from "../programs/registry.ts";
import { belongsToServicePort } from "./chain/chain-owner.ts";
import type { KnownPod } from "./packet/find-pods.ts";
import { type OwnLine, ownLines } from "./service-lines.ts";
import type { Texts } from "./texts.ts";

/** What is asked about: an address, or one port of it. */
export interface AddressQuestion {
  /** Canonical. */
  readonly address: string;
  readonly port: number | undefined;
}

/** Whose an address is, and the lines that name it. */
export interface AddressExplanation {
  /** `10.96.0.20:80`, `pod shop/web-1`. */
  readonly subject: string;
  readonly facts: readonly AddressFact[];
  readonly parts: readonly AddressPart[];
}

export interface AddressFact {
  /** The address it is about. */
  readonly address: string;
  /** `cluster IP`, `endpoint` and so on. */
  readonly what: string;
  /** `Service shop/web`, `Node n1`, `pod shop/web-1`. */
  readonly object: string;
  /** More about it; empty if there is nothing. */
  readonly detail: string;
  /** Undefined where only a dump is known. */
  readonly origin: Origin | undefined;
}

export interface AddressPart {
  readonly nodes: readonly string[];
  readonly lines: readonly OwnLine[];
}

/** What a state says about an address. */
export function factsInState(
  question: AddressQuestion,
  cluster: Cluster,
  pods: ReadonlyMap<string, KnownPod>,
): readonly AddressFact[] {
  return [
    ...cluster.services.flatMap((service) => vipFacts(question, service)),
    ...nodeFacts(question, cluster),
    ...endpointFacts(question, cluster),
    ...podFacts(question, cluster, pods),
  ];
}

function fact(address: string, what: string, object: string, more: { detail?: string; place?: Place }): AddressFact {
  const { detail = "", place } = more;
  return { address, what, object, detail, origin: place && originOf(place) };
}

function vipFacts({ address, port }: AddressQuestion, service: Service): readonly AddressFact[] {
  const vips: readonly (readonly [string, readonly Vip[]])[] = [
    ["cluster IP", Object.values(service.clusterIps)],
    ["external IP", service.externalIps],
    ["load balancer IP", service.loadBalancerIps],
  ];
  const detail = servedPorts(service, port);
  return vips.flatMap(([what, all]) =>
    all
      .filter((vip) => vip.address.text === address)
      .map(({ place }) => fact(address, what, nameOf(service), { detail, place })),
  );
}

function servedPorts({ ports }: Service, asked: number | undefined): string {
  const listed = ports
    .map((each) => `${each.name === "" ? "" : `${each.name} `}${each.port}/${each.protocol}`)
    .join(", ");
  const own = ports.filter(({ port }) => port === asked);
  if (asked === undefined) return `ports: ${listed}`;
  if (own.length === 0) return `without port ${asked}; its ports: ${listed}`;
  return `port ${own.map(({ name, protocol }) => `${name === "" ? "" : `${name} `}${asked}/${protocol}`).join(", ")}`;
}

function nameOf({ namespace, name }: Service): string {
  return `Service ${namespace}/${name}`;
}

function nodeFacts({ address, port }: AddressQuestion, { nodes, services }: Cluster): readonly AddressFact[] {
  const own = nodes.flatMap((node) =>
    node.addresses
      .filter(({ ip }) => ip.text === address)
      .map(({ type }) => fact(address, "node address", `Node ${node.name}`, { detail: type, place: node.place })),
  );
  const isLoopback = address.startsWith("127.") || address === "::1";
  if (port === undefined || (own.length === 0 && !isLoopback)) return own;
  const ported = services.flatMap((service) => [
    ...service.ports
      .filter(({ nodePort }) => nodePort === port)
      .map((each) => {
        const detail = `for port ${each.name === "" ? "" : `${each.name} `}${each.port}/${each.protocol}`;
        return fact(address, "node port", nameOf(service), { detail, place: each.place });
      }),
    ...(service.healthCheckNodePort === port
      ? [fact(address, "health check node port", nameOf(service), { place: service.place })]
      : []),
  ]);
  return [...own, ...ported];
}

function endpointFacts({ address, port }: AddressQuestion, { slices }: Cluster): readonly AddressFact[] {
  return slices.flatMap((slice) =>
    slice.endpoints
      .filter(({ ip }) => ip === address)
      .map((endpoint) => {
        const { ready, serving, terminating, nodeName } = endpoint;
        const ports = slice.ports.flatMap((each) => (each.port === undefined ? [] : [each.port]));
        const state = ready ? "ready" : serving && terminating ? "terminating, serving" : "not ready";
        const without = port === undefined || ports.includes(port) ? "" : `, without port ${port}`;
        const where = nodeName === undefined ? "" : `, on ${nodeName}`;
        const detail = `${state}${where}, at ${ports.length === 1 ? "port" : "ports"} ${ports.join(", ")}${without}; ${slice.source} ${slice.name}`;
        const object = slice.service === undefined ? "no Service" : `Service ${slice.namespace}/${slice.service}`;
        return fact(address, "endpoint", object, { detail, place: placeOfEndpoint(slice, endpoint) });
      }),
  );
}

function podFacts(
  { address }: AddressQuestion,
  { nodes }: Cluster,
  pods: ReadonlyMap<string, KnownPod>,
): readonly AddressFact[] {
  const own = [...pods].filter(([, pod]) => pod.addresses.some(({ text }) => text === address));
  const found = own.map(([name, { node }]) =>
    fact(address, "pod address", `pod ${name}`, { detail: node === undefined ? "" : `on ${node}` }),
  );
  const value = addressNumber(address);
  const bits = address.includes(":") ? 128 : 32;
  const ranges = nodes.flatMap((node) =>
    node.podCidrs
      .map(({ text }) => ({ text, set: parseAddressSet(text) }))
      .filter(({ set }) => set !== undefined && set.bits === bits && contains(set, value))
      .map(({ text }) => fact(address, "in the pod range", `Node ${node.name}`, { detail: text, place: node.place })),
  );
  return [...found, ...ranges];
}

/** The lines that name an address; with a port, those of the port, and the rules of the node port if it may be one. */
export function addressLines({ address, port }: AddressQuestion, texts: Texts): readonly OwnLine[] {
  const named = tokenTest(address);
  const own = ownLines(texts, named);
  if (port === undefined) return own;
  const ported = own.filter(({ text }) => hasPort(text, port));
  const isBalanced = ported.length > 0;
  const nodePorts = ownLines(texts, (text, chain) => isOfNodePort(text, chain, port));
  return isBalanced
    ? ported
    : [...nodePorts, ...own.filter(({ text }) => !/ --dport |:\d+(?: |$)| \. \d+(?: |$)/.test(text))];
}

/** Whether a text contains the address as a whole word. */
function tokenTest(address: string): (text: string) => boolean {
  const escaped = address.replace(/[.]/g, "\\.");
  const token = new RegExp(`(?:^|[^0-9a-f.:])${escaped}(?![0-9a-f.]|:[0-9a-f]*:)`);
  return (text) => text.includes(address) && token.test(text.replace(/--comment "(?:[^"\\]|\\.)*"/g, ""));
}

function hasPort(text: string, port: number): boolean {
  return new RegExp(`(?:--dport |[:\\]]:?|(?:tcp|udp|sctp):| \\. )${port}(?![0-9])`).test(text);
}

function isOfNodePort(text: string, chain: string | undefined, port: number): boolean {
  if (chain === undefined) return new RegExp(`^(?:tcp|udp|sctp) \\. ${port} `).test(text);
  if (!text.includes(`--dport ${port} `)) return false;
  return ownChains.roleOf(chain) === "local-dispatch" || (text.includes("--dst-type LOCAL") && !/ -d /.test(text));
}

/** What lines of a dump say about the address, by their comments. */
export function factsInLines(
  { address }: AddressQuestion,
  lines: readonly OwnLine[],
  ownerOf: (chain: string) => string | undefined,
): readonly AddressFact[] {
  const found = new Map<string, AddressFact>();
  for (const line of lines) {
    const read = roleOf(line, address, ownerOf);
    if (read === undefined) continue;
    const { what, owner, detail } = read;
    const object =
      owner === undefined ? "a Service whose name the text does not contain" : `Service ${owner.replace(/:.*/, "")}`;
    const service = owner?.split(":")[1];
    const made = fact(address, what, object, {
      detail: [
        service === undefined ? "" : `port ${service}`,
        service === undefined ? detail : detail.replace(/^port (\d+)$/, "$1"),
      ]
        .filter((part) => part !== "")
        .join(", "),
    });
    found.set(`${what} ${object} ${made.detail}`, made);
  }
  return [...found.values()];
}

interface Role {
  readonly what: string;
  readonly owner: string | undefined;
  readonly detail: string;
}

function roleOf(
  { chain, text }: OwnLine,
  address: string,
  ownerOf: (chain: string) => string | undefined,
): Role | undefined {
  if (chain === undefined) {
    if (text.startsWith("-A ")) return { what: "virtual server", owner: undefined, detail: text };
    return text.startsWith("-a ") ? { what: "real server", owner: undefined, detail: text } : roleInMap(text);
  }
  const owner = serviceInRule(text) ?? (belongsToServicePort(chain) ? ownerOf(chain) : undefined);
  if (owner === undefined) return undefined;
  const [, number] = /--dport (\d+)/.exec(text) ?? [];
  if (ownChains.roleOf(chain) === "local-dispatch") return { what: "node port", owner, detail: asPort(number) };
  const [, kind] = / (cluster IP|external IP|load ?balancer IP)"/.exec(text) ?? [];
  if (kind !== undefined) return { what: kind.replace("loadbalancer", "load balancer"), owner, detail: asPort(number) };
  const targets = [...text.matchAll(/(?:--to-destination|dnat to|\d+ :) (\S+?)(?: \. (\d+))?(?=[\s,]|$)/g)];
  const [, target, ported] = targets.find(([, each = ""]) => each.includes(address)) ?? [];
  if (target !== undefined)
    return {
      what: "endpoint",
      owner,
      detail: ported === undefined ? target : printTarget({ address, port: Number(ported) }),
    };
  return text.includes("has no endpoints")
    ? { what: "address without endpoints", owner, detail: asPort(number) }
    : undefined;
}

/** An element of a map of nftables: `10.96.0.20 . tcp . 80 : goto services`, `tcp . 30080 : goto services`. */
function roleInMap(text: string): Role | undefined {
  const owner = serviceInRule(text);
  const [, key, port] = /^(\S+) \. (?:(?:tcp|udp|sctp) \. )?(\d+) /.exec(text) ?? [];
  if (owner === undefined || key === undefined) return undefined;
  return { what: /^(?:tcp|udp|sctp)$/.test(key) ? "node port" : "address", owner, detail: asPort(port) };
}

function asPort(number: string | undefined): string {
  return number === undefined ? "" : `port ${number}`;
}

/** `10.96.0.20`, `10.96.0.20:80`, `[fd00::1]:80`; undefined for anything else. */
export function parseAddressQuestion(text: string): AddressQuestion | undefined {
  const bare = text.replace(/^\[(.*)\]$/, "$1");
  return isAddress(bare) ? { address: canonicalAddress(bare), port: undefined } : parseTarget(text);
}
