import type { ExplainFlags } from "../../cli/commands/explain.ts";
import { CommandFailure, exitCodes } from "../../cli/exit-codes.ts";
import type { ChainGraph } from "../../explain/chain/chain-graph.ts";
import type { Rendering, SourceOf } from "../../explain/source.ts";
import { painter } from "../../report/diagnostics.ts";
import { printDot, printMermaid } from "../../report/explain/graph.ts";

/** An explanation in each of its forms; only the one that is asked for is made. */
export interface Answer {
  readonly text: (rendering: Rendering) => string;
  readonly document: () => object;
  /** One for each kind of node, empty where there is nothing to draw. */
  readonly graphs: () => readonly ChainGraph[];
}

/** Prints an answer as `-o` says. */
export function printAnswer(
  { output, color }: Pick<ExplainFlags, "output" | "color">,
  sourceOf: SourceOf,
  { text, document, graphs }: Answer,
): string {
  switch (output ?? "text") {
    case "json":
      return `${JSON.stringify(document(), null, 2)}\n`;
    case "mermaid":
      return printMermaid(onlyGraph(graphs(), "mermaid"));
    case "dot":
      return printDot(onlyGraph(graphs(), "dot"));
    case "text": {
      const paint = painter(process.stdout, color);
      return text({ sourceOf, strong: (words) => paint("bold", words) });
    }
  }
}

function onlyGraph(graphs: readonly ChainGraph[], output: string): ChainGraph {
  const [graph, another] = graphs;
  if (another !== undefined) {
    throw new CommandFailure(`-o ${output}: the nodes differ, and a graph shows one: pass --node`, exitCodes.usage);
  }
  if (graph === undefined || graph.nodes.length === 0) {
    throw new CommandFailure(
      `-o ${output}: there is nothing to draw; see -o text for the reason`,
      exitCodes.invalidInput,
    );
  }
  return graph;
}
