/**
 * A rule as short as it can be without losing what it does: comments, modules that -p implies, lengths of single
 * addresses and defaults are left out; what is still too long is cut before its target.
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
