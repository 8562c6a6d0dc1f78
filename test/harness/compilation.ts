import { expect } from "vitest";
import type { Compilation } from "../../src/compile/compile.ts";
import type { Update } from "../../src/index.ts";
import type { Step } from "../../src/ir/artifact.ts";
import { parseTables } from "../../src/languages/iptables/parse.ts";

/** A script whenever there is no error, and never text that iptables could read otherwise than it was meant. */
export function checkCompilation(compilation: Compilation): void {
  const failed = compilation.diagnostics.some(({ severity }) => severity === "error");
  expect(compilation.script === undefined).toBe(failed);
  for (const { file, stdin } of compilation.script?.steps ?? []) {
    if (!/^ip6?tables\./.test(file ?? "")) continue;
    const text = new TextDecoder().decode(stdin);
    const { tables, problems } = parseTables(text);
    expect(problems.filter(({ message }) => !message.includes("is not declared"))).toEqual([]);
    const rules = tables.flatMap(({ chains }) => chains.flatMap((chain) => chain.rules));
    expect(rules.length).toBe(text.match(/^-A /gm)?.length ?? 0);
    for (const { matches, target, text: line } of rules) {
      expect(
        matches.filter(({ kind }) => kind === "unknown"),
        line,
      ).toEqual([]);
      expect(target.kind, line).not.toBe("unknown");
      // kube-proxy ends a firewall chain with a rule that only counts.
      if (target.kind === "none")
        expect(line).toMatch(/^-A KUBE-FW-\w+ -m comment --comment "other traffic to [^"]*"$/);
    }
  }
}

const decoder = new TextDecoder();

/** Steps with their text as text. */
export function textSteps(steps: Update["steps"]): readonly Step[] {
  return steps.map(({ purpose, argv, stdin }) => ({
    purpose,
    argv,
    stdin: typeof stdin === "string" ? stdin : decoder.decode(stdin),
  }));
}
