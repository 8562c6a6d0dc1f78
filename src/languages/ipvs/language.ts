import type { Feature, Step } from "../../ir/artifact.ts";
import type { Stage, VirtualServer } from "../../ir/datapath.ts";
import { type HostLanguage, parseParts, type TextForm } from "../language.ts";
import { quoteWord } from "../shell.ts";
import { parseServers, printServer, printServers, type SavedServer } from "./text.ts";

/** ipvsadm -Sn. */
const serversForm: TextForm = {
  printedBy: "ipvsadm -Sn",
  begins: (line) => /^-[Aa] (?:-t|-u|-f|--(?:tcp|udp|sctp)-service|--fwmark-service) /.test(line),
};

const heading = /^(?:IP Virtual Server version|Prot LocalAddress:Port\b|-> RemoteAddress:Port\b)/;
const server = /^(TCP|UDP|SCTP) +(\[[\da-fA-F:.]+\]:\d+|[\d.]+:\d+) +([a-z]+)((?: .*)?)$/;
const realServer = /^-> +(\[[\da-fA-F:.]+\]:\d+|[\d.]+:\d+) +(Masq|Route|Local|Tunnel) +(\d+)(?: |$)/;

/** ipvsadm -Ln. */
const serverListingForm: TextForm = {
  printedBy: "ipvsadm -Ln",
  begins: (line) => heading.test(line) || server.test(line),
  continues: (line) => realServer.test(line) || /^FWM +\d+ /.test(line),
  toSave: listingToSave,
};

const options: Readonly<Record<string, string>> = { TCP: "-t", UDP: "-u", SCTP: "--sctp-service" };
const forwardings: Readonly<Record<string, string>> = { Masq: "-m", Route: "-g", Local: "-g", Tunnel: "-i" };

function listingToSave(lines: readonly string[]): readonly string[] {
  let key: string | undefined;
  return lines.map((line) => {
    const [, protocol = "", address, scheduler, more = ""] = server.exec(line) ?? [];
    if (address !== undefined) {
      key = `${options[protocol]} ${address}`;
      return `-A ${key} -s ${scheduler}${flagsOf(more)}`;
    }
    if (heading.test(line) || line.startsWith("FWM")) key = undefined;
    const [, real, forwarding = "", weight] = realServer.exec(line) ?? [];
    return real === undefined || key === undefined
      ? ""
      : `-a ${key} -r ${real} ${forwardings[forwarding]} -w ${weight}`;
  });
}

/** `persistent 10800 mask 255.255.255.255 (mh-port)` */
function flagsOf(words: string): string {
  const [, seconds] = /\bpersistent (\d+)/.exec(words) ?? [];
  const [, flags] = /\(([\w,-]+)\)/.exec(words) ?? [];
  return `${seconds === undefined ? "" : ` -p ${seconds}`}${flags === undefined ? "" : ` -b ${flags}`}`;
}

/** The schedulers of the virtual servers that steps make. */
function serverFeatures(steps: readonly Step[]): readonly Feature[] {
  const schedulers = new Set<string>();
  for (const { argv, stdin } of steps) {
    if (argv[0] !== "ipvsadm") continue;
    for (const [, name] of stdin.matchAll(/^-[AE] .* -s (\S+)/gm)) schedulers.add(name as string);
  }
  return [...schedulers].map((name) => ({
    name: `IPVS with scheduler ${name}`,
    commands: ["ip link set lo up", `ipvsadm -A -t 192.0.2.1:80 -s ${quoteWord(name)}`],
  }));
}

const kernelFile = "/proc/net/ip_vs";

/** The kernel's own list: what ipvsadm prints is checked against it. */
export const kernelServers = `cat ${kernelFile}`;

/** The number of virtual servers in the kernel's list. */
export function serversInKernel(text: string): number {
  return text.match(/^(?:TCP|UDP|SCTP|FWM) /gm)?.length ?? 0;
}

/** ipvsadm -Sn and ipvsadm --restore. */
export const ipvs: HostLanguage<readonly SavedServer[]> = {
  id: "ipvs",
  files: [{ name: "ipvs.restore", heading: "ipvsadm -Sn", isSave: true }],
  collect: [
    { command: "ipvsadm -Sn", needs: kernelFile, isSave: true },
    { command: kernelServers, needs: kernelFile },
  ],
  forms: [serversForm, serverListingForm],
  parse: (parts) =>
    parseParts(parts, (text) => {
      const { servers, problems } = parseServers(text);
      return { values: servers, problems };
    }),
  write: printServers,
  probes: serverFeatures,
  // A virtual server, without its scheduler and flags.
  lineKey: (line) => (line.startsWith("-A ") ? line.split(" ").slice(0, 3).join(" ") : line),
};

export const timeoutsCommand = "ipvsadm -L --timeout";

/** `900 120 300`, the arguments of `ipvsadm --set`; undefined: IPVS is not loaded. */
export const ipvsTimeouts: HostLanguage<string | undefined> = {
  id: "ipvs-timeouts",
  files: [{ name: "ipvs.timeouts", heading: "ipvsadm --set" }],
  collect: [{ command: timeoutsCommand, needs: kernelFile }],
  forms: [],
  parse: (parts) => ({ doc: parts[0]?.text.trim().replace(/^--set /, "") || undefined, problems: [] }),
  write: (timeouts) => (timeouts === undefined ? "" : `--set ${timeouts}\n`),
};

/** The same from the output of `ipvsadm -L --timeout`. */
export function parseTimeouts(text: string): string | undefined {
  return /: (\d+ \d+ \d+)/.exec(text)?.[1];
}

/** Converts a virtual server for the datapath. */
export function virtualServerOf(server: SavedServer): VirtualServer {
  const { line, protocol, address, scheduler, schedulerFlags, persistence, realServers } = server;
  return { line, text: printServer(server), protocol, address, scheduler, schedulerFlags, persistence, realServers };
}

/**
 * Where IPVS handles packets (ip_vs_ops in ip_vs_core.c): incoming ones for this node, and those that the node sends.
 * Of its two priorities in LOCAL_OUT and LOCAL_IN, the one for requests is used.
 */
export const balancerStages: readonly Stage[] = (["ip", "ip6"] as const).flatMap((family) => [
  { family, hook: "input", priority: 99, type: "balance", entry: { table: "ipvs", chain: "INPUT" } },
  { family, hook: "output", priority: -98, type: "balance", entry: { table: "ipvs", chain: "OUTPUT" } },
]);
