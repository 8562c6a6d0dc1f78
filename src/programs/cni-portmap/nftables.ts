import type { ScriptStep } from "../../ir/artifact.ts";
import { comment, longestComment, nftFamily } from "../../languages/nftables/write.ts";
import { type Family, families, joinHostPort } from "../../model/address.ts";
import type { HostPortsPlan, PodAddress, PodPortsPlan, PortMapping } from "../../plan/hostports/host-ports-plan.ts";
import { type CausedLine, mappingCause, podCause, portmapCause, sysctlSteps, textOf } from "./lowering.ts";
import { portmapTable } from "./names.ts";

/** A pod with its address in a family. */
interface Mapped {
  readonly pod: PodPortsPlan;
  readonly address: PodAddress;
}

/** portmap's nftables back end (v1.10.0): a table of its own in each family that its pods have, in one transaction. */
export function lowerPortmapNftables(plan: HostPortsPlan, keepsOrigins: boolean): readonly ScriptStep[] {
  const lines = families.flatMap((family) => tableLines(plan, family));
  if (lines.length === 0) return [];
  return [
    {
      purpose: "map the host ports of pods, in one transaction",
      argv: ["nft", "-f", "-"],
      language: "nftables",
      file: "hostports.nft",
      ...textOf(lines, keepsOrigins),
    },
    ...sysctlSteps(plan),
  ];
}

/** A pod that is refused for its IPv6 rules was mapped in IPv4 before, and what is shared stays. */
function tableLines(plan: HostPortsPlan, family: Family): readonly CausedLine[] {
  const all = plan.pods.flatMap((pod): readonly Mapped[] => {
    const address = pod.addresses.find(({ ip }) => ip.family === family);
    return address === undefined || (pod.isRefused && family === "ipv6") ? [] : [{ pod, address }];
  });
  if (all.length === 0) return [];
  const pods = all.filter(({ pod }) => !pod.isRefused);
  const { plugin } = plan;
  const table = `table ${nftFamily[family]} ${portmapTable}`;
  const entry = [...plugin.conditions[family], "fib daddr type local jump hostports_all"].join(" ");
  const ports = pods.flatMap((mapped) => mapped.pod.mappings.flatMap((mapping) => portRule(mapped, mapping)));
  const masquerade = pods.flatMap((mapped) => masqueradeRules(mapped, plugin.masqAll));
  return [
    ...[`add ${table}`, `delete ${table}`, `${table} {`, '\tcomment "CNI portmap plugin"'].map(shared),
    ...chain("hostports", ports),
    ...chain("hostip_hostports", []),
    ...chain("hostports_all", ["jump hostip_hostports", "jump hostports"].map(shared)),
    ...chain("prerouting", ["type nat hook prerouting priority dstnat; policy accept;", entry].map(shared)),
    ...chain("output", ["type nat hook output priority -100; policy accept;", entry].map(shared)),
    ...(plugin.snat
      ? chain("masquerading", [shared("type nat hook postrouting priority srcnat; policy accept;"), ...masquerade])
      : []),
    shared("}"),
  ];
}

function chain(name: string, lines: readonly CausedLine[]): readonly CausedLine[] {
  const inner = lines.map(({ text, cause }) => ({ text: `\t\t${text}`, cause }));
  return [{ text: "", cause: undefined }, shared(`\tchain ${name} {`), ...inner, shared("\t}")];
}

function shared(text: string): CausedLine {
  return { text, cause: portmapCause };
}

function portRule({ pod, address: { ip } }: Mapped, mapping: PortMapping): readonly CausedLine[] {
  if (mapping.family !== undefined && mapping.family !== ip.family) return [];
  const to = mapping.hostIp === undefined ? "" : `${nftFamily[ip.family]} daddr ${mapping.hostIp.text} `;
  const port = `${mapping.protocol.toLowerCase()} dport ${mapping.hostPort}`;
  const text = `${to}${port} dnat to ${joinHostPort(ip, mapping.containerPort)}${idComment(pod)}`;
  return [{ text, cause: mappingCause(pod, mapping) }];
}

/** What would otherwise be answered past the node: the pod to itself, and 127.0.0.1. */
function masqueradeRules({ pod, address: { ip } }: Mapped, isAll: boolean): readonly CausedLine[] {
  const family = nftFamily[ip.family];
  const everything = ip.family === "ipv4" ? "0.0.0.0/0" : "::/0";
  const sources = isAll ? [everything] : [ip.text, ...(ip.family === "ipv4" ? ["127.0.0.1"] : [])];
  return sources.map((source) => ({
    text: `${family} saddr ${source} ${family} daddr ${ip.text} masquerade${idComment(pod)}`,
    cause: podCause(pod),
  }));
}

/** A true ID has 64 characters; a stand-in may be longer than nft accepts. */
function idComment({ containerId }: PodPortsPlan): string {
  return comment(containerId.slice(0, longestComment));
}
