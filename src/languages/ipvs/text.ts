import type { TextProblem } from "../../ir/artifact.ts";

/** Parsed output of `ipvsadm -Sn`. Addresses keep the spelling of the tool. */
export interface SavedServers {
  readonly servers: readonly SavedServer[];
  readonly problems: readonly TextProblem[];
}

export interface SavedServer {
  readonly line: number;
  readonly protocol: "tcp" | "udp" | "sctp";
  /** `10.96.0.10:80` or `[fd00::10]:80` */
  readonly address: string;
  readonly scheduler: string;
  /** Persistence timeout in seconds. */
  readonly persistence: number | undefined;
  /** `mh-port`, or several with commas between them. */
  readonly schedulerFlags: string | undefined;
  /** Other options, word by word. */
  readonly rest: readonly string[];
  readonly realServers: readonly SavedRealServer[];
}

export interface SavedRealServer {
  readonly line: number;
  readonly address: string;
  readonly forwarding: "masquerade" | "route" | "tunnel";
  readonly weight: number;
  /** Other options, word by word. */
  readonly rest: readonly string[];
}

interface OpenServer extends SavedServer {
  readonly realServers: SavedRealServer[];
}

interface Reading {
  readonly servers: Map<string, OpenServer>;
  readonly problems: TextProblem[];
}

const PROTOCOLS = { "-t": "tcp", "-u": "udp", "--sctp-service": "sctp" } as const;
const PROTOCOL_OPTIONS = { tcp: "-t", udp: "-u", sctp: "--sctp-service" } as const;
const FORWARDING = { "-m": "masquerade", "-g": "route", "-i": "tunnel" } as const;
const FORWARDING_OPTIONS = { masquerade: "-m", route: "-g", tunnel: "-i" } as const;
const ADDRESS = /^(?:\[[0-9a-fA-F:.]+\]|[0-9.]+):\d{1,5}$/;

/** Reads output of `ipvsadm -Sn` or input of `ipvsadm --restore`: virtual servers with their real servers. */
export function parseServers(text: string): SavedServers {
  const reading: Reading = { servers: new Map(), problems: [] };
  for (const [index, line] of text.split("\n").entries()) {
    const words = line.split(/\s+/).filter((word) => word !== "");
    const message = words.length === 0 ? undefined : parseLine(reading, words, index + 1);
    if (message !== undefined) reading.problems.push({ line: index + 1, message });
  }
  return { servers: [...reading.servers.values()], problems: reading.problems };
}

/** The problem of the line, if any. */
function parseLine({ servers }: Reading, words: readonly string[], line: number): string | undefined {
  const [command, option = "", address = "", ...more] = words;
  if (command !== "-A" && command !== "-a") return `expected -A or -a, not "${command}"`;
  if (!isKeyOf(option, PROTOCOLS)) return `expected -t, -u or --sctp-service, not "${option}"`;
  if (!ADDRESS.test(address)) return `"${address}" is not an address and port`;
  const key = `${option} ${address}`;
  const known = servers.get(key);
  if (command === "-A") {
    if (known !== undefined) return `virtual server ${key} already exists`;
    const server = parseServer(more);
    if (server === undefined) return "a virtual server without a scheduler: expected -s NAME";
    servers.set(key, { line, protocol: PROTOCOLS[option], address, ...server, realServers: [] });
    return undefined;
  }
  if (known === undefined) return `there is no virtual server ${key}`;
  const realServer = parseRealServer(more, line);
  if (realServer === undefined) return "not a real server: expected -r ADDRESS:PORT -m|-g|-i -w WEIGHT";
  known.realServers.push(realServer);
  return undefined;
}

type ServerWords = Pick<SavedServer, "scheduler" | "persistence" | "schedulerFlags" | "rest">;

function parseServer(words: readonly string[]): ServerWords | undefined {
  const [option, scheduler, ...more] = words;
  if (option !== "-s" || scheduler === undefined) return undefined;
  const sticky = more[0] === "-p" && /^[1-9]\d{0,9}$/.test(more[1] ?? "") ? Number(more[1]) : undefined;
  const after = sticky === undefined ? more : more.slice(2);
  const flags = after[0] === "-b" ? after[1] : undefined;
  return {
    scheduler,
    persistence: sticky,
    schedulerFlags: flags,
    rest: flags === undefined ? after : after.slice(2),
  };
}

function parseRealServer(words: readonly string[], line: number): SavedRealServer | undefined {
  const [option, address = "", forwarding = "", weightOption, weight = "", ...rest] = words;
  if (option !== "-r" || !ADDRESS.test(address) || !isKeyOf(forwarding, FORWARDING)) return undefined;
  if (weightOption !== "-w" || !/^(0|[1-9]\d{0,9})$/.test(weight)) return undefined;
  return { line, address, forwarding: FORWARDING[forwarding], weight: Number(weight), rest };
}

function isKeyOf<T extends object>(key: string, record: T): key is Extract<keyof T, string> {
  return Object.hasOwn(record, key);
}

/** Prints servers as `ipvsadm -Sn` does. */
export function printServers(servers: readonly SavedServer[]): string {
  return servers.map((server) => [printServer(server), ...printRealServers(server), ""].join("\n")).join("");
}

/** The line of a server without its real servers. */
export function printServer({ protocol, address, scheduler, persistence, schedulerFlags, rest }: SavedServer): string {
  const sticky = persistence === undefined ? [] : ["-p", persistence];
  const flags = schedulerFlags === undefined ? [] : ["-b", schedulerFlags];
  return ["-A", PROTOCOL_OPTIONS[protocol], address, "-s", scheduler, ...sticky, ...flags, ...rest].join(" ");
}

function printRealServers({ protocol, address, realServers }: SavedServer): readonly string[] {
  return realServers.map((real) => {
    const forwarding = FORWARDING_OPTIONS[real.forwarding];
    const words = ["-a", PROTOCOL_OPTIONS[protocol], address, "-r", real.address, forwarding, "-w", real.weight];
    return [...words, ...real.rest].join(" ");
  });
}

/** The input of `ipvsadm --restore`, spelled as `ipvsadm -Sn` prints it. */
export type Transport = "tcp" | "udp" | "sctp";

const options: Readonly<Record<Transport, string>> = { tcp: "-t", udp: "-u", sctp: "--sctp-service" };

/** The key of a virtual server: `-t 10.96.0.10:80`. */
export function serverKey(protocol: Transport, address: string): string {
  return `${options[protocol]} ${address}`;
}

export interface ServerOptions {
  readonly scheduler: string;
  /** Persistence timeout in seconds. */
  readonly persistence: number | undefined;
}

/** Maglev hashing includes the source port, as kube-proxy configures it. */
export function addServer(key: string, { scheduler, persistence }: ServerOptions): string {
  const sticky = persistence === undefined ? "" : ` -p ${persistence}`;
  return `-A ${key} -s ${scheduler}${sticky}${scheduler === "mh" ? " -b mh-port" : ""}`;
}

/** Forwarded by masquerading (NAT), the only method that can change the port. */
export function addRealServer(key: string, target: string): string {
  return `-a ${key} -r ${target} -m -w 1`;
}
