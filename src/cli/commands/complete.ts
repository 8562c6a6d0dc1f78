import { Command } from "commander";

/** `portolan __complete WORDS`: what completion scripts and kubectl ask; a candidate per line, and nothing in help. */
export function completeCommand(program: Command): Command {
  return new Command("__complete")
    .argument("[words...]")
    .allowUnknownOption()
    .helpOption(false)
    .action(async (words: readonly string[]) => {
      const { completeWords } = await import("../complete-values.ts");
      const found = await completeWords(program, words);
      process.stdout.write(found.map((candidate) => `${candidate}\n`).join(""));
    });
}
