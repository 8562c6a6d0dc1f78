import { isDnsSubdomain, isLabelValue } from "../model/fields/names.ts";
import type { Digest } from "./map-address.ts";

/** The kind of a name: each kind is mapped separately, to a text that shows the kind. */
export type NameKind =
  | "namespace"
  | "service"
  | "slice"
  | "node"
  | "zone"
  | "pod"
  | "workload"
  | "port"
  | "host"
  | "key"
  | "value"
  | "class"
  | "protocol"
  | "interface";

const prefixes: Readonly<Record<NameKind, string>> = {
  namespace: "ns",
  service: "svc",
  slice: "slice",
  node: "node",
  zone: "zone",
  pod: "pod",
  workload: "app",
  port: "p",
  host: "host",
  key: "key",
  value: "v",
  class: "class",
  protocol: "protocol.example/p",
  interface: "if",
};

/** Common names, which do not identify a cluster. */
const common: Readonly<Partial<Record<NameKind, readonly string[]>>> = {
  namespace: ["default", "kube-system", "kube-public", "kube-node-lease"],
  service: ["kubernetes", "kube-dns"],
  port: ["http", "https", "grpc", "dns", "dns-tcp", "metrics"],
  protocol: "http https http2 h2 h2c grpc ws wss tcp udp sctp tls dns mysql postgresql redis mongo kafka amqp".split(
    " ",
  ),
  interface: ["cali", "cni0", "docker0", "eni", "eth", "gke", "lxc", "veth"],
};

/** Makes a function that maps each name of a kind to another one, and what no API server would accept to its like. */
export function createNameMap(digest: Digest): (kind: NameKind, name: string) => string {
  const known = new Map<string, string>();
  const scramble = createScrambler(digest);
  return (kind, name) => {
    if (name === "" || common[kind]?.includes(name) === true || isWellKnown(name)) return name;
    // An address with a mistake.
    if (kind === "host" && /^[\d.:/]+$/.test(name)) return name;
    if (!isName(kind, name)) return scramble(name);
    const key = `${kind} ${name}`;
    let mapped = known.get(key);
    if (mapped === undefined) {
      // Ten digits: of 10,000 names no two fall together. The name of a port may have 15 characters.
      mapped = `${prefixes[kind]}-${digest(key).slice(0, 10)}`;
      known.set(key, mapped);
    }
    return mapped;
  };
}

/** Of Kubernetes itself: `kubernetes.io/hostname`. */
function isWellKnown(name: string): boolean {
  return /^(?:[\w.-]+\.)?(?:kubernetes|k8s)\.io\/[\w.-]{1,63}$/.test(name);
}

function isName(kind: NameKind, name: string): boolean {
  if (kind === "key" || kind === "class") return /^[\w./-]{1,316}$/.test(name);
  if (kind === "protocol") return /^[\w.-]+\/[\w.-]+$/.test(name);
  if (kind === "interface") return /^[^\s/]{1,15}$/.test(name);
  if (kind === "value" || kind === "zone") return isLabelValue(name);
  // Without a letter it is not a host name, but an invalid address.
  return isDnsSubdomain(name) && (kind !== "host" || /[a-z]/.test(name));
}

/** Values of fields that are neither names nor addresses: `ClusterIP`, `TCP`, `30s`, `1.35`, `0-65535`, `rr`. */
const value =
  /^(?:[A-Z][A-Za-z0-9]{0,30}|true|false|\d+(?:[.-]\d+)?|(?:\d+(?:\.\d+)?(?:h|m|s|ms|us|µs|ns))+|iptables|ipvs|nftables|w?rr|w?lc|lblcr?|[sd]h|sed|nq|mh|fo|ovf)$/;

/** Whether a text says as little as a number: a value of an enumeration, a duration, a version. */
export function isPlainValue(text: string): boolean {
  return value.test(text);
}

/**
 * Makes a function that replaces free text letter by letter: what is a fault in a name, such as a capital, a blank or its
 * length, is one still. The same text gets the same letters.
 */
export function createScrambler(digest: Digest): (text: string) => string {
  return (text) => {
    const digits = digest(`text ${text}`);
    const number = (index: number): number => Number.parseInt(digits[index % digits.length] ?? "0", 16);
    let index = 0;
    return text.replace(/[\p{L}\p{N}]/gu, (char) => replacement(char, number(index++)));
  };
}

const lower = "abcdefghijklmnop";

function replacement(char: string, number: number): string {
  if (/[0-9]/.test(char)) return String(number % 10);
  if (/[a-z]/.test(char)) return lower[number] ?? "a";
  return /[A-Z]/.test(char) ? (lower[number] ?? "a").toUpperCase() : "é";
}
