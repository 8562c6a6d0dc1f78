import type { Rule } from "../../languages/iptables/rule.ts";
import { builtInsOf, chainSubject, reachableFrom } from "./chain-graph.ts";
import type { TextRule } from "./checked-host.ts";

interface Habitat {
  readonly table: string;
  readonly hooks: readonly string[];
}

/** The chains in which the kernel accepts each target (xt_nat, xt_MASQUERADE, xt_REDIRECT, ipt_REJECT, xt_TPROXY). */
const habitats: ReadonlyMap<string, Habitat> = new Map([
  ["DNAT", { table: "nat", hooks: ["PREROUTING", "OUTPUT"] }],
  ["REDIRECT", { table: "nat", hooks: ["PREROUTING", "OUTPUT"] }],
  ["SNAT", { table: "nat", hooks: ["POSTROUTING", "INPUT"] }],
  ["MASQUERADE", { table: "nat", hooks: ["POSTROUTING"] }],
  ["REJECT", { table: "filter", hooks: ["INPUT", "FORWARD", "OUTPUT"] }],
  ["TPROXY", { table: "mangle", hooks: ["PREROUTING"] }],
]);

/** Targets in tables, or below built-in chains, where the kernel rejects them. */
export const targetMisplaced: TextRule = ({ tables }, sink) => {
  for (const table of tables) {
    const builtIns = builtInsOf(table);
    for (const { name, rules } of table.chains.values()) {
      for (const placed of rules) {
        const { rule } = placed;
        const target = targetName(rule);
        const habitat = habitats.get(target);
        if (habitat === undefined) continue;
        // Most rules are in place, and few chains are below the other hooks.
        const wrong = builtIns.find((hook) => !habitat.hooks.includes(hook) && reachableFrom(table, hook).has(name));
        if (habitat.table === table.name && wrong === undefined) continue;
        const where = habitat.table === table.name ? `called from ${wrong}` : `in table ${table.name}`;
        const parameters = { target, tables: habitat.table, hooks: habitat.hooks.join(", "), where };
        sink.reporter(chainSubject(table, name))("target-misplaced", placed.place, parameters);
      }
    }
  }
};

function targetName({ target }: Rule): string {
  switch (target.kind) {
    case "dnat":
      return "DNAT";
    case "masquerade":
      return "MASQUERADE";
    case "reject":
      return "REJECT";
    case "redirect":
      return "REDIRECT";
    case "snat":
      return "SNAT";
    case "tproxy":
      return "TPROXY";
    case "jump":
      return target.chain;
    case "unknown":
      return target.words[0] === "-j" ? (target.words[1] ?? "") : "";
    case "accept":
    case "drop":
    case "return":
    case "mark":
    case "connmark-set":
    case "connmark-save":
    case "connmark-restore":
    case "goto":
    case "netmap":
    case "notrack":
    case "none":
      return "";
  }
}
