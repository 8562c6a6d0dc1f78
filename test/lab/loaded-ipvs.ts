import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { plainSet } from "../../scripts/conformance/compare-ipvs.mjs";
import { rulesIn } from "./loaded-rules.ts";

/** A case's folder after load-ipvs-cases.sh. */
export function openLoaded(folder: string) {
  const has = (file: string) => existsSync(join(folder, file));
  const read = (file: string) => (has(file) ? readFileSync(join(folder, file), "utf8") : "");
  const status = (way: string) => {
    const said = read(`saved/${way}.status`);
    return said === "ok\n" ? said : said + read(`saved/${way}.log`);
  };
  return { read, status, tools: ["iptables", "ip6tables"].filter((tool) => has(`${tool}.restore`)) };
}

export type Loaded = ReturnType<typeof openLoaded>;

/** What the files ask for, in the form of `foundState`. */
export function writtenState({ read, tools }: Loaded) {
  return {
    rules: tools.map((tool) => rulesIn(read(`${tool}.restore`) + read(`${tool}.jumps`))),
    sets: sortedLines(read("ipset.restore")).map(plainSet),
    servers: sortedLines(read("ipvs.restore")),
    addresses: sortedLines(read("addresses.batch").replace(/^addr replace | dev kube-ipvs0$/gm, "")),
    settings: read("sysctl.conf"),
    timeouts: timeoutsAfter(read("ipvs.timeouts")),
  };
}

/** What a kernel had, of a way of loading. */
export function foundState({ read, tools }: Loaded, way: string) {
  return {
    rules: tools.map((tool) => rulesIn(read(`saved/${way}.${tool}`))),
    sets: sortedLines(read(`saved/${way}.ipset`)).map(plainSet),
    servers: sortedLines(read(`saved/${way}.ipvs`)),
    addresses: boundAddresses(read(`saved/${way}.addresses`)),
    settings: read(`saved/${way}.sysctl`),
    timeouts: read(`saved/${way}.timeouts`).replace(/.*: /, "").trim(),
  };
}

/** Sets, virtual servers and addresses that the shell script makes as somebody else's. */
export const foreign = { set: "create FOREIGN hash:ip family inet", server: "-A -t 198.18.0.1:9 -s rr" } as const;

function sortedLines(text: string): readonly string[] {
  return text
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "")
    .sort();
}

function boundAddresses(json: string): readonly string[] {
  const [link]: readonly { readonly addr_info?: readonly { readonly local: string; readonly prefixlen: number }[] }[] =
    json === "" ? [] : JSON.parse(json);
  return (link?.addr_info ?? []).map(({ local, prefixlen }) => `${local}/${prefixlen}`).sort();
}

/** The kernel's own, where a 0 or nothing leaves them. */
function timeoutsAfter(asked: string): string {
  const seconds = asked.trim().split(" ").slice(1);
  return ["900", "120", "300"].map((own, at) => (seconds[at] ?? "0").replace(/^0$/, own)).join(" ");
}
