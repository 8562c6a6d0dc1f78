import { Argument, Command } from "commander";

/** `portolan completion`, of all commands of the program. */
export function completionCommand(name: string, program: Command): Command {
  const shell = new Argument("<shell>", "the shell").choices(["bash", "zsh", "fish"]);
  return new Command("completion")
    .summary("print a completion script for a shell")
    .description("Prints a script that completes commands and flags in bash, zsh or fish.")
    .addArgument(shell)
    .addHelpText("after", `\nExample:\n  $ source <(${name} completion bash)\n`)
    .action(async (chosen: "bash" | "zsh" | "fish") => {
      const { printCompletion } = await import("../completion-script.ts");
      process.stdout.write(printCompletion(program, chosen));
    });
}
