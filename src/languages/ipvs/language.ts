import { type HostLanguage, parseParts } from "../language.ts";
import { parseServers, printServers, type SavedServer } from "./parse.ts";

const kernelFile = "/proc/net/ip_vs";

/** ipvsadm -Sn and ipvsadm --restore. */
export const ipvs: HostLanguage<readonly SavedServer[]> = {
  id: "ipvs",
  files: [
    { name: "ipvs.restore", heading: "ipvsadm -Sn", isSave: true },
    { name: "ipvs.timeouts", heading: "ipvsadm --set" },
  ],
  collect: [
    { command: "ipvsadm -Sn", needs: kernelFile, isSave: true },
    { command: "ipvsadm -L --timeout", needs: kernelFile },
  ],
  recognize: (line) => /^-[Aa] (?:-t|-u|--(?:tcp|udp|sctp)-service) /.test(line),
  parse: (parts) =>
    parseParts(parts, (text) => {
      const { servers, problems } = parseServers(text);
      return { values: servers, problems };
    }),
  write: printServers,
};

/** `900 120 300`, of what `ipvsadm -L --timeout` prints; undefined where there are none. */
export function parseTimeouts(text: string): string | undefined {
  return /: (\d+ \d+ \d+)/.exec(text)?.[1];
}

/** The same of what `ipvsadm` is fed: `--set 900 120 300`. */
export function parseTimeoutOptions(text: string): string | undefined {
  return text.trim().replace(/^--set /, "") || undefined;
}
