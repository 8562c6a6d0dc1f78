import { readFileSync } from "node:fs";
import { parseAllDocuments } from "yaml";
import { diffSides } from "./src/review/diff/diff-sides.ts";
import { compiledSide } from "./test/review/diff/text-side.ts";
const load = (n: string) => parseAllDocuments(readFileSync(`./golden/${n}/cluster.yaml`, "utf8")).map((d) => d.toJS());
const [name, edit, mode="iptables", to=mode] = process.argv.slice(2);
const base = load(name!); const head: any[] = structuredClone(base);
new Function("d", edit!)(head);
const d = diffSides(compiledSide("base", base, { node: "node1", mode: mode as any }), compiledSide("head", head, { node: "node1", mode: to as any }));
for (const c of d.changes) { console.log(c.kind, c.severity, c.service, "|", c.vip, "|", c.headline, "|", c.details.join("; "));
 console.log("   w:", c.witness.entry, c.witness.from, `(${c.witness.fromClass})`, "->", c.witness.to, "was", c.witness.was, "now", c.witness.now);
 for (const [s, l] of [["b", c.before], ["a", c.after]] as const) for (const x of l) console.log("    ", s, x.from, x.outcomes.map((o) => `${o.verdict} ${o.destination ?? ""} ${o.share.toFixed(3)} ${o.masquerade ? "masq" : ""} ${o.affinity ?? ""} ${o.assuming}`).join(" | "));
}
console.log(JSON.stringify(d.rules.map(({chains, ...r}) => ({...r, chains: chains.map((c) => `${c.kind} ${c.where} ${c.renamedTo ?? ""} ${c.lines.length}`)})), null, 1));
