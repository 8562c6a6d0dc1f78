import type { ExplainedHop } from "../../explain/packet/packet-explanation.ts";
import { isSending } from "./packet-way-graph.ts";
import { wrap } from "./tree.ts";

/**
 * Hops in order, one per line. Calls of chains in which no rule matches share a line; `next` is the following hop, if
 * there is one.
 */
export function renderHops(hops: readonly ExplainedHop[], indent = "  ", next?: ExplainedHop): readonly string[] {
  const lines: string[] = [];
  const all = next === undefined ? hops : [...hops, next];
  for (let at = 0; at < hops.length; ) {
    const idle = Math.min(countIdle(all, at), hops.length - at);
    if (idle > 0) lines.push(renderIdle(hops.slice(at, at + idle), indent));
    else lines.push(...renderHop(hops[at] as ExplainedHop, indent));
    at += Math.max(1, idle);
  }
  return lines;
}

/** The number of consecutive hops of one chain that call chains in which no rule matches. */
function countIdle(hops: readonly ExplainedHop[], from: number): number {
  let count = 0;
  for (let hop = hops[from]; hop !== undefined; hop = hops[from + count]) {
    const next = hops[from + count + 1];
    const isCall = hop.goesTo !== undefined && hop.rule !== null && !isSending(hop);
    const isFollowed = next !== undefined && next.table === hop.table && next.chain === hop.goesTo;
    const isTogether = hop.table === hops[from]?.table && hop.chain === hops[from]?.chain;
    if (!isCall || isFollowed || !isTogether) break;
    count += 1;
  }
  return count;
}

function renderIdle(hops: readonly ExplainedHop[], indent: string): string {
  const [{ table, chain } = { table: "", chain: "" }] = hops;
  const numbers = hops.map(({ rule }) => rule).join(", ");
  const chains = hops.map(({ goesTo }) => goesTo).join(", ");
  return wrap(`${table} ${chain} ${numbers}: no rule in ${chains} matches`, indent, `${indent}    `);
}

function renderHop(hop: ExplainedHop, indent: string): readonly string[] {
  const { table, chain, rule, text, words, origin, goesTo } = hop;
  const hang = `${indent}    `;
  const where = rule === null ? `${table} ${chain}` : `${table} ${chain} ${rule}`;
  const head = wrap(`${where}: ${words}`, indent, hang);
  if (origin === "always present") return [head];
  const short = shortenRule(text, 80 - hang.length);
  const isSaid = short === `-j ${goesTo}`;
  return [head, ...(isSaid ? [] : [`${hang}${short}`]), ...(origin === "" ? [] : [wrap(origin, hang)])];
}

/**
 * A rule without its redundant parts: comments, modules that -p implies, prefix lengths of single addresses, and
 * defaults. If it is still too long, it is cut before its target.
 */
export function shortenRule(text: string, width: number): string {
  const short = text
    .replace(/^-A [^-]\S* /, "")
    .replace(/-m comment --comment (?:"(?:[^"\\]|\\.)*"|\S+) ?/g, "")
    .replace(/-m (tcp|udp|sctp) (?=--dport|! --dport|-j|-g)/g, "")
    .replace(/(?<=-[sd] [\d.]+)\/32(?= )/g, "")
    .replace(/(?<=-[sd] [\da-f:]+)\/128(?= )/g, "")
    .replace(/ --mask (?:255\.255\.255\.255|ffff(?::ffff){7})/g, "")
    .replace(/ --mode random(?= --probability)/g, "")
    .trim();
  if (short.length <= width) return short;
  const target = short.search(/ -[jg] \S+/);
  const end = target < 0 ? "" : short.slice(target);
  const room = width - end.length - " ...".length;
  if (room < 10) return `${short.slice(0, width - 4)} ...`;
  const start = short.slice(0, room);
  return `${start.slice(0, Math.max(start.lastIndexOf(" "), 8))} ...${end}`;
}
