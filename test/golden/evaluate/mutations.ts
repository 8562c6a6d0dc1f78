import { printProbability } from "../../../src/languages/iptables/words.ts";
import type { HostText } from "../../harness/trace.ts";

/** A host whose text differs from another's in one place. */
export interface Mutation {
  readonly kind: string;
  /** The lines that were changed, as they were and as they are. */
  readonly lines: readonly string[];
  readonly text: HostText;
}

type Mutant = (line: string) => string | undefined;

/** Each makes one line another one, or undefined where it has nothing to change. */
const ruleMutants: Readonly<Record<string, Mutant>> = {
  "threshold by one up": (line) => moved(line, 1),
  "threshold by one down": (line) => moved(line, -1),
  "another probability": (line) => swap(line, /--probability 0\.\d+/, "--probability 0.12500000000"),
  "wrong mark set": (line) => swap(line, /--set-xmark 0x4000\/0x(\w+)/, "--set-xmark 0x2000/0x$1"),
  "wrong mark asked": (line) => swap(line, /--mark 0x4000\/0x4000/, "--mark 0x2000/0x2000"),
  "wrong mask": (line) => swap(line, /mark (0x4000)\/0x4000/, "mark $1/0xffff"),
  "wrong port": (line) => swap(line, /--dport (\d+)/, (port) => `--dport ${Number(port) + 1}`),
  "wrong target address": (line) =>
    swap(
      line,
      /--to-destination (\[?[\d.a-f:]+?)(\w)(\]?:\d+)$/,
      (start, last, end) => `--to-destination ${start}${last === "9" ? "8" : "9"}${end}`,
    ),
  "wrong target port": (line) =>
    swap(line, /(--to-destination \S+:)(\d+)$/, (start, port) => `${start}${Number(port) + 1}`),
  "wrong source": (line) =>
    swap(
      line,
      /-s ([\d.a-f:]+?)(\w)\/(32|128)/,
      (start, last, length) => `-s ${start}${last === "9" ? "8" : "9"}/${length}`,
    ),
  "wrong destination": (line) =>
    swap(
      line,
      /-d ([\d.a-f:]+?)(\w)\/(32|128)/,
      (start, last, length) => `-d ${start}${last === "9" ? "8" : "9"}/${length}`,
    ),
  "narrower source": (line) =>
    swap(line, /-s (\S+)\/(8|16|24|64|112) /, (address, length) => `-s ${address}/${Number(length) + 1} `),
  "the opposite source": (line) =>
    line.includes(" -s ") ? (swap(line, / ! -s /, " -s ") ?? swap(line, / -s /, " ! -s ")) : undefined,
  "the opposite type": (line) => swap(line, /addrtype (! )?--/, (not) => `addrtype ${not === undefined ? "! " : ""}--`),
  "without its sources": (line) => swap(line, / (! )?-s \S+/, ""),
  "without its destination": (line) => swap(line, / (! )?-d \S+/, ""),
  "without its port": (line) => swap(line, / (! )?--dport \d+/, ""),
  "another protocol": (line) => swap(line, /-p tcp (.*)-m tcp/, (between) => `-p udp ${between}-m udp`),
  "drop for reject": (line) => swap(line, /-j REJECT.*$/, "-j DROP"),
  "accept for reject or drop": (line) => swap(line, /-j (?:REJECT.*|DROP)$/, "-j ACCEPT"),
  "drop for accept or masquerade": (line) => swap(line, /-j (?:ACCEPT|MASQUERADE.*)$/, "-j DROP"),
  "return for a jump": (line) => swap(line, /-j KUBE-\S+$/, "-j RETURN"),
  "other seconds": (line) => swap(line, /--seconds (\d+)/, (seconds) => `--seconds ${Number(seconds) + 1}`),
  "another list": (line) => swap(line, /--name (\S+)/, "--name OTHER"),
  "another state": (line) => swap(line, /--ctstate NEW/, "--ctstate INVALID"),
  "another port of several": (line) => swap(line, /(ports \d+,)(\d+)/, (start, port) => `${start}${Number(port) + 1}`),
  "narrower range of ports": (line) => swap(line, /(ports \d+):(\d+)/, (from, to) => `${from}:${Number(to) - 1}`),
  "narrower range of addresses": (line) =>
    swap(line, /(-range \S+)(\d)( |$)/, (start, last, end) => `${start}${Number(last) - 1}${end}`),
  "other flags": (line) => swap(line, /(--tcp-flags \S+) SYN/, (mask) => `${mask} SYN,ACK`),
  "the opposite flags": (line) =>
    swap(line, /(! )?--tcp-flags/, (not) => `${not === undefined ? "! " : ""}--tcp-flags`),
  "another -m state": (line) => swap(line, /--state \S+/, "--state INVALID"),
  "another mark of the connection": (line) =>
    swap(line, /-m connmark (! )?--mark 0x1\/0x1/, (not = "") => `-m connmark ${not}--mark 0x2/0x2`),
  "another redirection": (line) => swap(line, /--to-ports (\d+)/, (port) => `--to-ports ${Number(port) + 1}`),
  "another network": (line) =>
    swap(line, /NETMAP --to (\d+)\.(\d+)/, (one, two) => `NETMAP --to ${one}.${Number(two) + 1}`),
  "tracked after all": (line) => swap(line, /-j (?:NOTRACK|CT --notrack)$/, "-j ACCEPT"),
  "return for goto": (line) => swap(line, /-g \S+$/, "-j RETURN"),
  "another mark saved": (line) => swap(line, /--nfmask 0xf+/, "--nfmask 0x2"),
  "another interface": (line) => swap(line, / -o lo/, " ! -o lo"),
  "other sides of a set": (line) => swap(line, /(--match-set \S+) dst,dst,src/, (set) => `${set} dst,dst,dst`),
};

const setMutants: Readonly<Record<string, Mutant>> = {
  "wrong port in a set": (line) => swap(line, /^(add .*,\w+:)(\d+)/, (start, port) => `${start}${Number(port) + 1}`),
  "wrong port in a bitmap": (line) => swap(line, /^(add \S+ )(\d+)$/, (start, port) => `${start}${Number(port) + 1}`),
  "wrong network in a set": (line) =>
    swap(line, /^(add .*)\/(\d+)$/, (start, length) => `${start}/${Number(length) - 1}`),
};

const serverMutants: Readonly<Record<string, Mutant>> = {
  "another weight": (line) => swap(line, /-w (\d+)/, (weight) => `-w ${Number(weight) + 1}`),
  "no weight": (line) => swap(line, /-w [1-9]\d*/, "-w 0"),
  "wrong real server": (line) => swap(line, /-r (\S+):(\d+)/, (address, port) => `-r ${address}:${Number(port) + 1}`),
  "another scheduler": (line) => swap(line, /-s (?:rr|wrr)/, "-s sh"),
  "other persistence": (line) => swap(line, /-p (\d+)/, (seconds) => `-p ${Number(seconds) + 1}`),
};

function swap(line: string, pattern: RegExp, by: string | ((...groups: string[]) => string)): string | undefined {
  const changed =
    typeof by === "string"
      ? line.replace(pattern, by)
      : line.replace(pattern, (_, ...groups: readonly unknown[]) =>
          by(
            ...(groups.slice(
              0,
              groups.findIndex((each) => typeof each === "number"),
            ) as string[]),
          ),
        );
  return changed === line ? undefined : changed;
}

function moved(line: string, by: number): string | undefined {
  const [, probability] = /--probability (0\.\d+)/.exec(line) ?? [];
  if (probability === undefined) return undefined;
  const threshold = Math.round(Number(probability) * 2 ** 31) + by;
  return line.replace(/--probability 0\.\d+/, `--probability ${printProbability(threshold)}`);
}

/** Every mutation of a host, in order of its text. */
export function* mutationsOf(host: HostText): Generator<Mutation> {
  const { rules, sets = "", servers = "", serviceAddresses = [] } = host;
  for (const family of ["ipv4", "ipv6"] as const) {
    for (const found of mutateLines(rules[family], ruleMutants, "rule")) {
      yield { ...found, text: { ...host, rules: { ...rules, [family]: found.text } } };
    }
  }
  for (const found of mutateLines(sets, setMutants, "set entry"))
    yield { ...found, text: { ...host, sets: found.text } };
  for (const found of mutateLines(servers, serverMutants, "server")) {
    yield { ...found, text: { ...host, servers: found.text } };
  }
  for (const address of serviceAddresses) {
    const rest = serviceAddresses.filter((each) => each !== address);
    yield { kind: "without a bound address", lines: [address], text: { ...host, serviceAddresses: rest } };
  }
}

function* mutateLines(
  text: string,
  mutants: Readonly<Record<string, Mutant>>,
  what: string,
): Generator<{ readonly kind: string; readonly lines: readonly string[]; readonly text: string }> {
  const lines = text.split("\n");
  const spliced = (at: number, count: number, ...by: readonly string[]) => lines.toSpliced(at, count, ...by).join("\n");
  for (const [at, line] of lines.entries()) {
    if (!/^(-A|-a|add) /.test(line)) continue;
    const isServer = line.startsWith("-A -");
    if (!isServer) yield { kind: `without a ${what}`, lines: [line], text: spliced(at, 1) };
    else yield { kind: "without its server", lines: [line], text: withoutServer(lines, line) };
    const next = lines[at + 1] ?? "";
    if (what === "rule" && next.split(" ")[1] === line.split(" ")[1] && next.startsWith("-A ") && next !== line) {
      yield { kind: "neighbours swapped", lines: [line, next], text: spliced(at, 2, next, line) };
    }
    for (const [kind, mutant] of Object.entries(mutants)) {
      const changed = mutant(line);
      if (changed !== undefined) yield { kind, lines: [line, changed], text: spliced(at, 1, changed) };
    }
  }
}

function withoutServer(lines: readonly string[], line: string): string {
  const [, option, address] = line.split(" ");
  return lines.filter((each) => !each.includes(` ${option} ${address} `)).join("\n");
}
