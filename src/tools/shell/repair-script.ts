import { quoteWord } from "./quote-word.ts";

/** A process with what it reads, as text. */
export interface ShellStep {
  readonly purpose: string;
  readonly argv: readonly string[];
  readonly stdin: string;
}

/** Steps as a POSIX script that needs no other file. */
export function printRepairScript(steps: readonly ShellStep[], title: string): string {
  return `#!/bin/sh
# ${title}
# Run it as root. It stops at the first step that fails.
set -eu

${steps.map(printShellStep).join("\n\n")}
`;
}

function printShellStep({ purpose, argv, stdin }: ShellStep): string {
  const command = argv.map(quoteWord).join(" ");
  if (stdin === "") return `# ${purpose}\n${command}`;
  const end = endMark(stdin);
  return `# ${purpose}\n${command} <<'${end}'\n${stdin}${end}`;
}

function endMark(text: string): string {
  let mark = "END";
  while (text.split("\n").includes(mark)) mark += "_";
  return mark;
}
