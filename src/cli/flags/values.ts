import { InvalidArgumentError } from "commander";

export function notEmpty(value: string): string {
  if (value.trim() === "") throw new InvalidArgumentError("It is empty.");
  return value;
}

/** A duration as kubectl takes them: `30s`, `2m`; in milliseconds, and more than none. */
export function duration(text: string): number {
  const milliseconds = readDuration(text, undefined) ?? 0;
  if (milliseconds === 0) throw new InvalidArgumentError("Write it as a number and a unit, such as 30s or 2m.");
  return milliseconds;
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds; undefined for what is no duration. `usual`: the unit of a number alone, if it may stand alone. */
export function readDuration(text: string, usual: "s" | undefined): number | undefined {
  const [, count, unit = usual ?? ""] = /^(\d{1,6})(ms|s|m|h)?$/.exec(text) ?? [];
  const factor = units[unit];
  return count === undefined || factor === undefined ? undefined : Number(count) * factor;
}
