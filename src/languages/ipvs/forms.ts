import type { TextForm } from "../language.ts";

/** ipvsadm -Sn. */
export const serversForm: TextForm = {
  printedBy: "ipvsadm -Sn",
  begins: (line) => /^-[Aa] (?:-t|-u|-f|--(?:tcp|udp|sctp)-service|--fwmark-service) /.test(line),
};

const heading = /^(?:IP Virtual Server version|Prot LocalAddress:Port\b|-> RemoteAddress:Port\b)/;
const server = /^(TCP|UDP|SCTP) +(\[[\da-fA-F:.]+\]:\d+|[\d.]+:\d+) +([a-z]+)((?: .*)?)$/;
const realServer = /^-> +(\[[\da-fA-F:.]+\]:\d+|[\d.]+:\d+) +(Masq|Route|Local|Tunnel) +(\d+)(?: |$)/;

/** ipvsadm -Ln. */
export const serverListingForm: TextForm = {
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
