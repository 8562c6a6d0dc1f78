import type { Finding } from "../../migrate/finding.ts";
import type { Migration } from "../../migrate/migrate.ts";
import { code, escapeDeep, prose } from "../escape.ts";
import { configurationLines, leftOutSentence, levelNames, planned, sentence, summaryOf } from "./words.ts";

/** The report as Markdown, for an issue or a wiki. */
export function renderMarkdown(migration: Migration): string {
  const clean = escapeDeep(migration);
  const { name, from, to, findings, configuration, unchanged, assumptions } = clean;
  const leftOut = leftOutSentence(clean);
  const blocks = [
    `### ${code(name)}: ${from} → ${to}`,
    prose(summaryOf(clean)),
    prose(leftOut === undefined ? "" : `${leftOut}.`),
    ...findings.flatMap((finding, at) => [
      ...(findings[at - 1]?.level === finding.level ? [] : [`#### ${sentence(levelNames[finding.level])}`]),
      findingBlock(finding),
    ]),
    ...(unchanged.length === 0 ? [] : ["#### Does not change", unchanged.map((text) => `- ${prose(text)}`).join("\n")]),
    ...(configuration.length === 0
      ? []
      : ["#### Configuration", `\`\`\`yaml\n${configurationLines(configuration).join("\n")}\n\`\`\``]),
    prose(planned(from)),
    assumptions.map((assumption) => `- Assumed: ${prose(assumption)}`).join("\n"),
  ];
  return `${blocks.filter((block) => block !== "").join("\n\n")}\n`;
}

const mostNames = 50;

function findingBlock(finding: Finding): string {
  const { message, services, nodes, details, example, hint, code: id } = finding;
  const names = (label: string, all: readonly string[]): readonly string[] => {
    const more = all.length > mostNames ? ` and ${all.length - mostNames} more` : "";
    return all.length === 0 ? [] : [`  - ${label}: ${all.slice(0, mostNames).map(code).join(", ")}${more}`];
  };
  return [
    `- **${prose(sentence(message))}** (${code(id)})`,
    ...names("Service ports", services),
    ...names("Nodes", nodes),
    ...names("Details", details),
    ...(example === undefined
      ? []
      : [
          `  - Example: ${code(`${example.protocol} ${example.from} -> ${example.to}`)} on ${code(example.node)}`,
          `    was ${code(example.was)}, now ${code(example.now)}`,
        ]),
    ...(finding.isSolvedByConfiguration ? ["  - Does not change with the configuration below"] : []),
    ...(hint === undefined ? [] : [`  - To do: ${prose(hint)}`]),
  ].join("\n");
}
