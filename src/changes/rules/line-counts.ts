/** Lines with how often each stands. */
export function countLines(lines: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}

/** Whether a line stands there more than once. */
export function hasTwice(lines: readonly string[]): boolean {
  return new Set(lines).size < lines.length;
}

/** Takes one copy of the line out; undefined when there is none left. */
export function take(counts: Map<string, number>, line: string): string | undefined {
  const count = counts.get(line) ?? 0;
  if (count === 0) return undefined;
  counts.set(line, count - 1);
  return line;
}

/** The lines that stay when these are taken out, each as often as it is named: its first copies. */
export function without(lines: readonly string[], left: readonly string[]): string[] {
  const counts = countLines(left);
  return lines.filter((line) => take(counts, line) === undefined);
}
