import { type HostLanguage, parseParts } from "../language.ts";
import { setFeatures } from "./features.ts";
import { parseSets, printSets, type SavedSet } from "./parse.ts";

/** ipset save and ipset restore. */
export const ipset: HostLanguage<readonly SavedSet[]> = {
  id: "ipset",
  files: [{ name: "ipset.restore", heading: "ipset save", isSave: true }],
  collect: [{ command: "ipset save", isSave: true }],
  // Others' sets have colons in their names, such as Calico's.
  recognize: (line) => /^(?:create|add) \S+ \S/.test(line),
  parse: (parts) =>
    parseParts(parts, (text) => {
      const { sets, problems } = parseSets(text);
      return { values: sets, problems };
    }),
  write: printSets,
  probes: setFeatures,
};
