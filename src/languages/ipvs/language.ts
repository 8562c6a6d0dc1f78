import type { Feature, Step } from "../../ir/artifact.ts";
import { type HostLanguage, parseParts } from "../language.ts";
import { quoteWord } from "../shell.ts";
import { serverListingForm, serversForm } from "./forms.ts";
import { parseServers, printServers, type SavedServer } from "./text.ts";

/** The schedulers of the virtual servers that steps make. */
export function serverFeatures(steps: readonly Step[]): readonly Feature[] {
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
