import { type HostLanguage, parseParts } from "../language.ts";
import { serverFeatures } from "./features.ts";
import { parseServers, printServers, type SavedServer } from "./parse.ts";

const kernelFile = "/proc/net/ip_vs";

/** ipvsadm -Sn and ipvsadm --restore. */
export const ipvs: HostLanguage<readonly SavedServer[]> = {
  id: "ipvs",
  files: [{ name: "ipvs.restore", heading: "ipvsadm -Sn", isSave: true }],
  collect: [{ command: "ipvsadm -Sn", needs: kernelFile, isSave: true }],
  recognize: (line) => /^-[Aa] (?:-t|-u|--(?:tcp|udp|sctp)-service) /.test(line),
  parse: (parts) =>
    parseParts(parts, (text) => {
      const { servers, problems } = parseServers(text);
      return { values: servers, problems };
    }),
  write: printServers,
  probes: serverFeatures,
};

export const timeoutsCommand = "ipvsadm -L --timeout";

/** `900 120 300`: what `ipvsadm --set` takes; undefined: IPVS has none. */
export const ipvsTimeouts: HostLanguage<string | undefined> = {
  id: "ipvs-timeouts",
  files: [{ name: "ipvs.timeouts", heading: "ipvsadm --set" }],
  collect: [{ command: timeoutsCommand, needs: kernelFile }],
  recognize: () => false,
  parse: (parts) => ({ doc: parts[0]?.text.trim().replace(/^--set /, "") || undefined, problems: [] }),
  write: (timeouts) => (timeouts === undefined ? "" : `--set ${timeouts}\n`),
};

/** The same of what `ipvsadm -L --timeout` prints. */
export function parseTimeouts(text: string): string | undefined {
  return /: (\d+ \d+ \d+)/.exec(text)?.[1];
}
