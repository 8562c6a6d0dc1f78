import type { Command } from "commander";

interface Term {
  readonly term: string;
  readonly description: string;
}

export interface DescribedCommand {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly heading: string;
  readonly summary: string;
  readonly description: string;
  readonly usage: string;
  readonly arguments: readonly Term[];
  readonly options: readonly (Term & { readonly group: string })[];
  readonly examples: string;
  readonly exitCodes: string | undefined;
  readonly notes: readonly string[];
}

export function describeCommands(program: Command): readonly DescribedCommand[];
