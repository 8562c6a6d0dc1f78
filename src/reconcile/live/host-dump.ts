/** What the tools print of a host: the text under each of these headings. */
export interface HostDump {
  readonly texts: Readonly<Partial<Record<DumpCommand, string>>>;
  /** Why there is no text of a command: not installed, or what it said when it failed. */
  readonly failures: Readonly<Partial<Record<DumpCommand, string>>>;
}

/** The settings of the kernel that some configuration sets. */
export const dumpedSysctls = [
  "net.ipv4.conf.all.arp_announce",
  "net.ipv4.conf.all.arp_ignore",
  "net.ipv4.conf.all.route_localnet",
  "net.ipv4.ip_forward",
  "net.ipv4.vs.conntrack",
  "net.ipv4.vs.expire_nodest_conn",
  "net.ipv4.vs.expire_quiescent_template",
] as const;

const sysctlCommand = `sysctl -e ${dumpedSysctls.join(" ")}` as const;

/** In the order they are run. None of them changes anything. */
export const dumpCommands = [
  "uname -n",
  "ip -j addr",
  "iptables --version",
  "iptables-save",
  "ip6tables --version",
  "ip6tables-save",
  "ipset save",
  "ipvsadm -Sn",
  "ipvsadm -L --timeout",
  sysctlCommand,
  "nfacct list",
  "conntrack -L -p udp -f ipv4",
  "conntrack -L -p udp -f ipv6",
] as const;

export type DumpCommand = (typeof dumpCommands)[number];

export const dumpSysctlCommand: DumpCommand = sysctlCommand;

/** The tool would load the kernel module; without this file there is nothing to read. */
export const neededFiles: Readonly<Partial<Record<DumpCommand, string>>> = {
  "ipvsadm -Sn": "/proc/net/ip_vs",
  "ipvsadm -L --timeout": "/proc/net/ip_vs",
};

const firstHeading = "==> portolan collect v1alpha1 <==";
const lastHeading = "==> end <==";
const failureMark = "#! ";

/** One text document of a dump: each tool's text under its command, and an end that shows it is whole. */
export function printHostDump({ texts, failures }: HostDump): string {
  const sections = dumpCommands.map((command) => {
    const failure = failures[command];
    const body = failure === undefined ? (texts[command] ?? "") : `${failureMark}${failure.replace(/\s+/g, " ")}\n`;
    return `==> ${command} <==\n${body}${body.endsWith("\n") || body === "" ? "" : "\n"}`;
  });
  return [`${firstHeading}\n`, ...sections, `${lastHeading}\n`].join("");
}

export type ParsedDump =
  | { readonly kind: "dump"; readonly dump: HostDump }
  | { readonly kind: "broken"; readonly message: string };

/** Reads what `portolan collect`, or the script that it prints, wrote. Blank lines around sections do not count, nor comments above. */
export function parseHostDump(text: string): ParsedDump {
  const unified = text.replaceAll("\r\n", "\n").replace(/^(?:[ \t]*(?:#.*)?\n)+/, "");
  if (!unified.startsWith(`${firstHeading}\n`))
    return { kind: "broken", message: `it does not begin with "${firstHeading}"` };
  if (!/(?:^|\n)==> end <==\s*$/.test(unified))
    return { kind: "broken", message: `it is truncated: it does not end with "${lastHeading}"` };
  const texts: Partial<Record<DumpCommand, string>> = {};
  const failures: Partial<Record<DumpCommand, string>> = {};
  let rest = unified;
  for (const command of dumpCommands) {
    const heading = `\n==> ${command} <==\n`;
    const start = rest.indexOf(heading);
    if (start < 0) return { kind: "broken", message: `it has no "==> ${command} <=="` };
    rest = rest.slice(start + heading.length - 1);
    const end = rest.search(/\n==> /);
    const body = rest.slice(1, end + 1);
    const failure = body.split("\n").find((line) => line.startsWith(failureMark));
    if (failure === undefined) texts[command] = body;
    else failures[command] = failure.slice(failureMark.length);
  }
  return { kind: "dump", dump: { texts, failures } };
}

/** A POSIX script that prints the same document, for a host without Portolan. */
export function printCollectScript(): string {
  const runs = dumpCommands.map((command) => {
    const file = neededFiles[command];
    return file === undefined ? `run ${command}` : `run_if ${file} ${command}`;
  });
  return `#!/bin/sh
# Prints what \`portolan plan --actual FILE\` and \`portolan verify --actual FILE\` read of this host. Run it as root;
# it changes nothing.
set -fu

if [ "$(id -u)" != 0 ]; then
  echo "collect: run it as root: it would see only a part" >&2
  exit 4
fi

run() {
  printf '\\n==> %s <==\\n' "$*"
  if ! command -v "$1" >/dev/null 2>&1; then
    echo '${failureMark}not installed'
    return
  fi
  { said=$("$@" 2>&1 >&3) || echo "${failureMark}exit $?:" $said; } 3>&1
}

run_if() {
  file=$1
  shift
  if [ -e "$file" ]; then
    run "$@"
  else
    printf '\\n==> %s <==\\n${failureMark}no %s\\n' "$*" "$file"
  fi
}

echo '${firstHeading}'
${runs.join("\n")}
printf '\\n${lastHeading}\\n'
`;
}
