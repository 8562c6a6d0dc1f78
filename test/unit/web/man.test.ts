import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { manPage } from "../../../scripts/docs/man.mjs";

/** Commands of these names, each with an option of its own and one in common. */
function programOf(...names: readonly string[]): Command {
  const program = new Command("portolan").description("Shows rules.");
  for (const name of names)
    program
      .command(name)
      .argument("[file]", "what to read")
      .description(`Does ${name}.`)
      .option(`--${name}-only <x>`, "a 'quoted' value")
      .option("--all", "everything")
      .addHelpText(
        "after",
        `\nExamples:\n  # why\n  $ portolan ${name} --all ${"a-long-word ".repeat(9)}\n\nExit codes: 0 fine.\n`,
      );
  return program;
}

function manOf(program: Command): string {
  return manPage({ program, version: "1.2.3", exitCodes: { fine: 0 }, exitCodeMeanings: { fine: "all is well" } });
}

describe("the manual page", () => {
  const page = manOf(programOf("one", "two", "three"));

  it("has the sections of a manual page", () => {
    expect(page).toContain('.TH PORTOLAN 1 "" "portolan 1.2.3"');
    expect([...page.matchAll(/^\.SH (.*)$/gm)].map(([, name]) => name)).toEqual([
      "NAME",
      "SYNOPSIS",
      "DESCRIPTION",
      "COMMANDS",
      "COMMON OPTIONS",
      "EXIT STATUS",
      "SEE ALSO",
    ]);
    expect(page).toContain(".TP\n\\fB0\\fR\nall is well");
  });

  it("describes an option of several commands once, and names it at each", () => {
    expect(page.match(/^everything$/gm)).toHaveLength(1);
    expect(page.match(/^Common options: \\fB\\-\\-all\\fR, \\fB\\-h\\fR\.$/gm)).toHaveLength(3);
    expect(manOf(programOf("one", "two")).match(/^everything$/gm)).toHaveLength(2);
  });

  it("writes every character as it is, and divides long commands as a shell reads them", () => {
    expect(page).toContain("\\fB\\-\\-one\\-only <x>\\fR\na \\(aqquoted\\(aq value");
    const [, example = ""] = /^\.EX\n([\s\S]*?)^\.EE$/m.exec(page) ?? [];
    expect(example).toMatch(/^# why\n\$ portolan one [^\n]* \\e\n {4}a\\-long/);
    expect(page.match(/^[.'](?!(?:TH|SH|SS|TP|PP|RS|RE|EX|EE|nh|ad l)\b).*$/gm)).toBeNull();
  });
});
