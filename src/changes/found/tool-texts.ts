import { type TextTool, toolsByFile } from "../../tools/text-tools.ts";
import type { HostDump } from "./host-dump.ts";
import { recognizeText } from "./recognize-text.ts";
import { splitFamilies } from "./split-families.ts";

/** A text of one tool. Blank lines stand for what comes before it in its file, so that its lines count as there. */
export interface ToolText {
  readonly tool: TextTool;
  readonly text: string;
}

/** Takes apart what single tools print, by how it begins; nothing where it is something else. */
export function toolTextsIn(name: string, text: string): readonly ToolText[] {
  switch (recognizeText(text)) {
    case "rules":
      return splitFamilies(name, text);
    case "sets":
      return [{ tool: "ipset", text }];
    case "servers":
      return [{ tool: "ipvs", text }];
    case "addresses":
      return [{ tool: "addresses", text }];
    case "manifests":
    case "collected":
    case "compiled":
    case "listing":
      return [];
  }
}

/** Which command's text in a dump is in whose language. */
export const saveCommands = [
  { tool: "iptables", command: "iptables-save" },
  { tool: "ip6tables", command: "ip6tables-save" },
  { tool: "ipset", command: "ipset save" },
  { tool: "ipvs", command: "ipvsadm -Sn" },
] as const;

/** The texts of a dump, by the text it was parsed from; those of commands that failed are left out. */
export function toolTextsOfDump(text: string, { texts }: HostDump): readonly ToolText[] {
  return saveCommands.flatMap(({ tool, command }) => {
    const body = texts[command];
    if (body === undefined) return [];
    const heading = text.indexOf(`==> ${command} <==`);
    return [{ tool, text: linesBefore(text, text.indexOf("\n", heading) + 1) + body }];
  });
}

/** Texts under headings such as `==> node1/iptables.restore <==`, each with the lines before it left blank. */
export function splitHeadings(text: string): readonly { readonly name: string; readonly text: string }[] {
  const headings = [...text.matchAll(/^==> (.*) <==\r?$/gm)];
  return headings.map(({ 0: line, 1: name = "", index }, number) => {
    const start = index + line.length + 1;
    return { name, text: linesBefore(text, start) + text.slice(start, headings[number + 1]?.index) };
  });
}

/** What `compile -o text` prints, with the node where it is of several; what is under other headings is left out. */
export function compiledTexts(text: string): readonly (ToolText & { readonly node: string | undefined })[] {
  return splitHeadings(text).flatMap(({ name, text: body }) => {
    const slash = name.lastIndexOf("/");
    const tool = toolsByFile.get(name.slice(slash + 1));
    return tool === undefined ? [] : [{ tool, text: body, node: slash < 0 ? undefined : name.slice(0, slash) }];
  });
}

/** As many line ends as there are before this offset. */
function linesBefore(text: string, offset: number): string {
  let count = 0;
  for (let end = text.indexOf("\n"); end >= 0 && end < offset; end = text.indexOf("\n", end + 1)) count += 1;
  return "\n".repeat(count);
}
