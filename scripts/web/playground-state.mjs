// A `playground` block of a page: YAML that says what the playground shows.
import { parse } from "yaml";

const known = ["title", "file", "replace", "from", "to", "pane", "mode", "down", "scale", "proposed"];

/**
 * The title of the link and the hash of its state. `file` is a manifest of the repository, `proposed` a list of
 * replacements that the proposed manifests have.
 */
export function playgroundState(text, { toHash, defaultSettings }, readText) {
  const asked = parse(text);
  const stray = Object.keys(asked).filter((key) => !known.includes(key));
  if (stray.length > 0) throw new Error(`a playground block does not take ${stray.join(", ")}`);
  const manifest = replaced(readText(asked.file), asked.replace);
  const filesOf = (content) => [{ name: "manifests.yaml", text: content }];
  const { mode, down = [], scale = {} } = asked;
  const hash = toHash({
    files: filesOf(manifest),
    proposed: asked.proposed === undefined ? undefined : filesOf(replaced(manifest, asked.proposed)),
    side: asked.proposed === undefined ? "now" : "proposed",
    settings: { ...defaultSettings, mode, down, scale },
    packet: { from: asked.from, to: asked.to },
    pane: asked.pane ?? "traffic",
  });
  return { title: asked.title, hash };
}

function replaced(text, replacements = {}) {
  return Object.entries(replacements).reduce((result, [old, next]) => {
    if (!result.includes(old)) throw new Error(`a playground block replaces ${old}, which its file does not have`);
    return result.replace(old, () => next);
  }, text);
}
