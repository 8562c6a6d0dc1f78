import type { HostDocument, Script, ScriptStep } from "../../index.ts";
import type { FieldName, RuleFile } from "../protocol.ts";

/** The files of a script, each line with the field that it comes from. */
export function listRules({ steps }: Script): readonly RuleFile[] {
  return steps.flatMap((step) => (step.file === undefined ? [] : [ruleFile(step, step.file)]));
}

function ruleFile({ argv, stdin, origins = [] }: ScriptStep, name: string): RuleFile {
  const lines = new TextDecoder().decode(stdin).replace(/\n$/, "").split("\n");
  const originOf = lines.map(() => -1);
  const fields: FieldName[] = [];
  const known = new Map<string, number>();
  for (const { line, object, field } of origins) {
    const key = `${object} ${field}`;
    const index = known.get(key) ?? fields.push({ object, field }) - 1;
    known.set(key, index);
    if (line <= lines.length) originOf[line - 1] = index;
  }
  return { name, command: argv.join(" "), lines, originOf, origins: fields };
}

/** The texts of a dump, by the command that prints them. */
export function listDump({ texts }: HostDocument): readonly RuleFile[] {
  return texts.map(({ heading, text }) => {
    const lines = text.replace(/\n$/, "").split("\n");
    return { name: heading, command: undefined, lines, originOf: lines.map(() => -1), origins: [] };
  });
}
