import type { Feature, Step } from "../../ir/artifact.ts";
import { type HostLanguage, parseParts } from "../language.ts";
import { quoteWord } from "../shell.ts";
import { setListingForm, setsForm } from "./forms.ts";
import { parseSets, printSets, type SavedSet } from "./text.ts";

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

/** Words from a dump or a saved plan may contain any character. */
function quoteWords(text: string): string {
  return text.split(" ").map(quoteWord).join(" ");
}

/** ipset save and ipset restore. */
export const ipset: HostLanguage<readonly SavedSet[]> = {
  id: "ipset",
  files: [{ name: "ipset.restore", heading: "ipset save", isSave: true }],
  collect: [{ command: "ipset save", isSave: true }],
  forms: [setsForm, setListingForm],
  parse: (parts) =>
    parseParts(parts, (text) => {
      const { sets, problems } = parseSets(text);
      return { values: sets, problems };
    }),
  write: printSets,
  probes: setFeatures,
};
