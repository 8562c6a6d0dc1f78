import type { HostLanguage } from "../language.ts";
import { ruleFeatures } from "./features.ts";
import { readTables, type SavedTable, type SavedTables } from "./read-tables.ts";
import { splitFamilies } from "./split-families.ts";

/** iptables-save and iptables-restore, with ip6tables. */
export const iptables: HostLanguage<SavedTables> = {
  id: "iptables",
  files: [
    { name: "iptables.restore", family: "ipv4", heading: "iptables-save", isSave: true },
    { name: "iptables.jumps", family: "ipv4", heading: "iptables-save", isSave: true },
    { name: "ip6tables.restore", family: "ipv6", heading: "ip6tables-save", isSave: true },
    { name: "ip6tables.jumps", family: "ipv6", heading: "ip6tables-save", isSave: true },
  ],
  collect: [
    { command: "iptables --version", family: "ipv4" },
    { command: "iptables-save", family: "ipv4", isSave: true },
    { command: "ip6tables --version", family: "ipv6" },
    { command: "ip6tables-save", family: "ipv6", isSave: true },
  ],
  // A chain's name begins with no dash: `-A -t` adds a virtual server.
  recognize: (line) => /^(?:\*[a-z]+$|:\S+ \S|(?:\[\d+:\d+\] )?-A [^-\s])/.test(line),
  isListing: (line) => /^(?:-[PN] [\w-]+|Chain [\w-]+ \()/.test(line),
  splitFamilies,
  probes: ruleFeatures,
  parse: (parts) => {
    const doc = readTables(parts);
    return { doc, problems: doc.problems };
  },
  write: ({ tables }) => [...tables].map(([name, table]) => writeTable(name, table)).join(""),
};

/** As iptables-save prints it: all declarations, then the rules chain by chain. */
function writeTable(name: string, table: SavedTable): string {
  const chains = [...table.values()];
  const declared = chains.filter(({ declaredAt }) => declaredAt !== undefined);
  const declarations = declared.map(({ name: chain, policy, counters }) => {
    return `:${chain} ${policy ?? "-"}${counters === undefined ? "" : ` ${counters}`}`;
  });
  const rules = chains.flatMap(({ lines, counted }) =>
    lines.map((line, at) => (counted[at] === undefined ? line : `${counted[at]} ${line}`)),
  );
  return [`*${name}`, ...declarations, ...rules, "COMMIT", ""].join("\n");
}
