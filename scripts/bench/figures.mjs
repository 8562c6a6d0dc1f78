/** Best and median of measurements. */
export function summary(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return { best: sorted[0], median: sorted[Math.floor(sorted.length / 2)] };
}

export function spelled({ best, median }) {
  return `${Math.round(best)} / ${Math.round(median)}`;
}

export function ratio(ours, theirs, digits = 2) {
  return `${(ours.best / theirs.best).toFixed(digits)} / ${(ours.median / theirs.median).toFixed(digits)}`;
}

export function signed(number) {
  return number > 0 ? `+${number}` : String(number);
}

export function printRow(cells) {
  console.log(`| ${cells.join(" | ")} |`);
}
