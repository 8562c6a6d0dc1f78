import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { printRepairScript, quoteWord } from "../../../src/languages/shell.ts";
import { hasControls, hostileCharacters } from "../../harness/controls.ts";

const texts = {
  ...hostileCharacters,
  "quotes and signs": `'"$(reboot)\`reboot\`;|&<>*?[]{}~#!%\\n\\033 b`,
  "the end of a document": "END\nEND_\n",
  "two lines": "a\nb",
  "letters of other scripts": "é, 漢, 😀",
};

describe("a shell gets the text byte by byte, and a reader sees all of it", () => {
  it.each(Object.entries(texts))("%s", (_, text) => {
    const stdin = `${text}\n${Object.values(texts).join("\n")}\n`;
    const steps = [
      { purpose: "print an argument", argv: ["printf", "%s\n", text], stdin: "" },
      { purpose: "print the input", argv: ["cat"], stdin },
      { purpose: "print this text alone", argv: ["cat"], stdin: `${text}\n` },
    ];
    const script = printRepairScript(steps, "Prints texts.");
    expect(hasControls(script)).toBe(false);
    expect(hasControls(quoteWord(text))).toBe(false);
    for (const shell of ["sh", "bash"]) {
      const output = execFileSync(shell, ["-c", script], { encoding: "utf8" });
      expect(output).toBe(`${text}\n${stdin}${text}\n`);
    }
  });
});
