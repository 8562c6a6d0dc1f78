import type { Feature, Step } from "../../ir/step.ts";
import { quoteWord } from "../shell.ts";

/** The types of the sets that steps make. */
export function setFeatures(steps: readonly Step[]): readonly Feature[] {
  const shapes = new Map<string, string>();
  for (const { argv, stdin } of steps) {
    if (argv[0] !== "ipset") continue;
    for (const [, shape, type] of stdin.matchAll(/^create \S+ ((\S+) .*)$/gm))
      shapes.set(type as string, shape as string);
  }
  return [...shapes].map(([type, shape], index) => ({
    name: `set type ${type}`,
    commands: [`ipset create PROBE-${index} ${quoteWords(shape)}`],
  }));
}

/** What comes out of a dump or a saved plan may hold anything. */
function quoteWords(text: string): string {
  return text.split(" ").map(quoteWord).join(" ");
}
