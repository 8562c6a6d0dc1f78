const units: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  μs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
};

/** Reads a Go duration such as 1h30m or 250ms, as metav1.Duration does. Gives seconds, or undefined. */
export function parseDuration(text: string): number | undefined {
  const unsigned = text.replace(/^[-+]/, "");
  if (unsigned === "0") return 0;
  if (!/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(unsigned)) return undefined;
  let seconds = 0;
  for (const [, number, unit] of unsigned.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    seconds += Number(number) * (units[unit ?? ""] ?? 0);
  }
  return text.startsWith("-") ? -seconds : seconds;
}
