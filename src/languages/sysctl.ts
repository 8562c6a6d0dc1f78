import type { HostLanguage } from "./language.ts";

/** The sysctls that some configuration sets. */
const collectedNames = [
  "net.ipv4.conf.all.arp_announce",
  "net.ipv4.conf.all.arp_ignore",
  "net.ipv4.conf.all.route_localnet",
  "net.ipv4.ip_forward",
  "net.ipv4.vs.conntrack",
  "net.ipv4.vs.expire_nodest_conn",
  "net.ipv4.vs.expire_quiescent_template",
] as const;

export const sysctlCommand = `sysctl -e ${collectedNames.join(" ")}`;

/** `name = value` lines, as sysctl prints and reads them. */
export const sysctl: HostLanguage<ReadonlyMap<string, string>> = {
  id: "sysctl",
  files: [{ name: "sysctl.conf", heading: sysctlCommand }],
  collect: [{ command: sysctlCommand }],
  forms: [
    { printedBy: "sysctl", begins: (line) => /^net\.[\w./-]+ ?= ?\S/.test(line), toSave: (lines) => lines.map(spaced) },
  ],
  parse: (parts) => ({ doc: new Map(parts.flatMap(({ text }) => [...parseSysctls(text)])), problems: [] }),
  write: (settings) => [...settings].map(([name, value]) => `${name} = ${value}\n`).join(""),
};

function spaced(line: string): string {
  return line.replace(/^(\S+?) ?= ?/, "$1 = ");
}

export function parseSysctls(text: string): ReadonlyMap<string, string> {
  return new Map([...text.matchAll(/^(\S+) = (.*)$/gm)].map(([, name, value]) => [name as string, value as string]));
}
