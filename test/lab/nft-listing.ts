/** A block of `nft list table`: its first line without the brace, and its lines. */
interface Block {
  readonly head: string;
  readonly lines: string[];
}

/**
 * What `nft -s list table` prints in the form in which Portolan writes it: sets, maps and chains by name, elements one
 * a line and in order. The kernel lists objects as they were made.
 */
export function inWrittenForm(listing: string): string {
  const lines = listing.split("\n").filter((line) => line !== "");
  const [table = "", comment = "", ...rest] = lines;
  const blocks: Block[] = [];
  for (const line of rest.slice(0, -1)) {
    if (/^\t\S.* \{$/.test(line)) blocks.push({ head: line.slice(1, -2), lines: [] });
    else if (line !== "\t}") blocks.at(-1)?.lines.push(line.trim());
  }
  const ofKind = (kind: string): readonly Block[] =>
    blocks.filter(({ head }) => head.startsWith(`${kind} `)).sort((a, b) => (a.head < b.head ? -1 : 1));
  const printed = ["set", "map", "chain"].flatMap(ofKind).map(printBlock);
  return `${[table, comment].join("\n")}\n\n${printed.join("\n\n")}\n}\n`;
}

function printBlock({ head, lines }: Block): string {
  const start = lines.findIndex((line) => line.startsWith("elements = {"));
  const isChain = head.startsWith("chain ");
  const before = start === -1 || isChain ? lines : lines.slice(0, start);
  const elements = start === -1 || isChain ? [] : elementsIn(lines.slice(start).join(" "));
  const listed = elements.length === 0 ? [] : ["elements = {", ...elements.map((one) => `\t${one},`), "}"];
  return [`\t${head} {`, ...[...before, ...listed].map((line) => `\t\t${folded(line)}`), "\t}"].join("\n");
}

/** Comments of elements have no commas: they name service ports. */
function elementsIn(text: string): readonly string[] {
  const inside = text.slice(text.indexOf("{") + 1, text.lastIndexOf("}"));
  return inside
    .split(",")
    .map((element) => element.trim())
    .sort();
}

/** nft prints braces around several networks that merged into one, and none around one alone: the same rule. */
function folded(line: string): string {
  return line.replace(/(\bip6? [sd]addr (?:!= )?)\{ ([^{},]+) \}/g, "$1$2");
}
