import type { LineOrigin } from "../../../ir/artifact.ts";
import { appendLine, createLines, joinLines, type Lines } from "../../../ir/lines.ts";
import { nftFamily } from "../../../languages/nftables/write.ts";
import { compareBytes } from "../../../model/fields/name-map.ts";
import type { FamilySettings } from "../../../plan/forwarding/forwarding-plan.ts";
import { type AssembledText, always, type Cause, lineOrigin } from "../../origins.ts";
import { fixedSetLines, fixedSets } from "./base.ts";
import { nftTable } from "./names.ts";
import { type ElementSet, elementSets, type NftBlock, type TableObjects } from "./table-objects.ts";

/**
 * The input of `nft -f`: the table is made anew, whether or not it exists. Sets, maps and chains in bytewise order of
 * their names, elements in that of their keys: the kernel's own order depends on when each was made.
 */
export function assembleTable(settings: FamilySettings, objects: TableObjects): AssembledText {
  const table = `table ${nftFamily[settings.family]} ${nftTable}`;
  const text: Text = { lines: createLines(), origins: objects.keepsOrigins ? [] : undefined };
  for (const line of [`add ${table}`, `delete ${table}`, `${table} {`]) appendLine(text.lines, line);
  writeLine(text, '\tcomment "rules for kube-proxy"', always);
  const names = elementSets.filter((name) => name !== "nodeport-ips" || settings.nodePorts.kind === "addresses");
  const sets = names
    .filter((name) => fixedSets[name].kind === "set")
    .map((name) => fixedBlock(name, settings, objects));
  for (const block of byName([...sets, ...objects.affinitySets])) writeBlock(text, "set", block);
  for (const name of names) {
    if (fixedSets[name].kind === "map") writeBlock(text, "map", fixedBlock(name, settings, objects));
  }
  for (const block of byName(objects.chains)) writeBlock(text, "chain", block);
  appendLine(text.lines, "}");
  return { text: joinLines([text.lines]), origins: text.origins };
}

function byName(blocks: readonly NftBlock[]): readonly NftBlock[] {
  return [...blocks].sort((a, b) => compareBytes(a.name, b.name));
}

/** A fixed set or map with its elements. */
function fixedBlock(name: ElementSet, settings: FamilySettings, { elements }: TableObjects): NftBlock {
  const lines = [...fixedSetLines(fixedSets[name], settings)];
  const causes: (Cause | undefined)[] = lines.map(() => always);
  const found = elements[name];
  if (found.size === 0) return { name, cause: always, lines, causes };
  lines.push("elements = {");
  causes.push(always);
  for (const key of [...found.keys()].sort()) {
    const element = found.get(key);
    lines.push(`\t${key}${element?.value ?? ""},`);
    causes.push(element?.cause);
  }
  lines.push("}");
  causes.push(always);
  return { name, cause: always, lines, causes };
}

/** The text so far, and where its lines come from. */
interface Text {
  readonly lines: Lines;
  readonly origins: LineOrigin[] | undefined;
}

function writeBlock(text: Text, kind: "set" | "map" | "chain", block: NftBlock): void {
  const { name, cause, lines, causes } = block;
  appendLine(text.lines, "");
  writeLine(text, `\t${kind} ${name} {`, cause);
  for (let at = 0; at < lines.length; at++)
    writeLine(text, `\t\t${lines[at]}`, causes === undefined ? always : causes[at]);
  writeLine(text, "\t}", cause);
}

/** A line of an object that is not asked for is blank. */
function writeLine({ lines, origins }: Text, line: string, cause: Cause | undefined): void {
  appendLine(lines, cause === undefined ? "" : line);
  if (cause !== undefined) origins?.push(lineOrigin(lines.count, cause));
}
