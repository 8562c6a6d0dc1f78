import { type HostLanguage, parseParts } from "../language.ts";

/** A table of nftables, by name only. */
export interface NftTable {
  readonly family: string;
  readonly name: string;
}

export const tablesCommand = "nft list tables";

/** nft list tables. Rules in this language are not read yet: that there are some can be said. */
export const nftables: HostLanguage<readonly NftTable[]> = {
  id: "nftables",
  files: [
    { name: "nftables.ip.nft", family: "ipv4", heading: "nft list ruleset" },
    { name: "nftables.ip6.nft", family: "ipv6", heading: "nft list ruleset" },
  ],
  collect: [{ command: tablesCommand }],
  forms: [
    {
      printedBy: "nft list ruleset",
      isUnread: "rules of nftables are named here and not followed",
      begins: (line) => /^table (?:ip|ip6|inet|arp|bridge|netdev) \S+ \{/.test(line),
      depthAfter: (line, depth) => depth + Number(line.endsWith("{")) - Number(line.startsWith("}")),
      isNested: true,
    },
  ],
  parse: (parts) => parseParts(parts, (text) => ({ values: nftTables(text), problems: [] })),
  write: (tables) => tables.map(({ family, name }) => `table ${family} ${name}\n`).join(""),
};

/** The tables in the output of `nft list tables`. */
export function nftTables(text: string): readonly NftTable[] {
  return [...text.matchAll(/^table (\S+) (\S+)$/gm)].map(([, family = "", name = ""]) => ({ family, name }));
}
