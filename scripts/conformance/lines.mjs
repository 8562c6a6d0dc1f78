/** What one list of lines has and the other has not, under a heading; empty when they are the same. */
export function lineDifferences(label, want, have) {
  if (want.length === have.length && want.every((line, index) => line === have[index])) return [];
  const missing = without(want, have).map((line) => `  kube-proxy: ${line}`);
  const extra = without(have, want).map((line) => `  portolan:   ${line}`);
  const inOtherOrder = missing.length + extra.length === 0;
  return [`${label}:${inOtherOrder ? " same lines, other order" : ""}`, ...missing, ...extra];
}

/** The lines of one list that the other has not, or not as often. */
function without(lines, others) {
  const left = new Map();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
}

export function lines(text = "") {
  return text.split("\n").filter((line) => line !== "");
}
