import { type BaseChain, elementText, type NftChain, type NftSet, type NftTable, type Ruleset } from "./ruleset.ts";

/** As `nft list ruleset` lays tables out, without handles and counters: sets and maps, then chains; an element a line. */
export function writeRuleset({ tables }: Ruleset): string {
  return tables.map(writeTable).join("\n");
}

function writeTable({ family, name, comment, flags, sets, chains }: NftTable): string {
  const head = [
    ...(comment === undefined ? [] : [`\tcomment "${comment}"`]),
    ...(flags.length === 0 ? [] : [`\tflags ${flags.join(",")}`]),
  ];
  const blocks = [...[...sets.values()].map(writeSet), ...[...chains.values()].map(writeChain)];
  const inner = [...(head.length === 0 ? [] : [`${head.join("\n")}\n`]), ...blocks];
  return `table ${family} ${name} {\n${inner.join("\n")}}\n`;
}

function writeSet(set: NftSet): string {
  return block(`${set.value === undefined ? "set" : "map"} ${set.name}`, setLines(set));
}

/** What stands between the braces of a set or map. */
export function setLines({ key, value, flags, timeout, size, comment, others, elements }: NftSet): readonly string[] {
  const type = `${key.join(" . ")}${value === undefined ? "" : ` : ${value.join(" . ")}`}`;
  return [
    ...(key.length === 0 ? [] : [`type ${type}`]),
    ...(size === undefined ? [] : [`size ${size}`]),
    ...(flags.length === 0 ? [] : [`flags ${flags.join(",")}`]),
    ...(timeout === undefined ? [] : [`timeout ${timeout}s`]),
    ...others,
    ...(comment === undefined ? [] : [`comment "${comment}"`]),
    ...(elements.length === 0 ? [] : ["elements = {", ...elements.map((each) => `\t${elementText(each)},`), "}"]),
  ];
}

function writeChain({ name, base, comment, rules }: NftChain): string {
  const type = base === undefined ? [] : [baseDeclaration(base)];
  const note = comment === undefined ? [] : [`comment "${comment}"`];
  return block(`chain ${name}`, [...note, ...type, ...rules.map(({ text }) => text)]);
}

/** The line that makes a chain a base chain. */
export function baseDeclaration({ type, hook, device, priority = 0, policy }: BaseChain): string {
  const at = device === undefined ? "" : ` device "${device}"`;
  return `type ${type} hook ${hook}${at} priority ${priority}; policy ${policy};`;
}

function block(head: string, lines: readonly string[]): string {
  return `\t${head} {\n${lines.map((line) => `\t\t${line}\n`).join("")}\t}\n`;
}
