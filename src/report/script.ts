import { escapeControls, printableJson } from "../diagnostics/printable.ts";
import type { LineOrigin, Script } from "../ir/artifact.ts";
import { printApplyScript } from "../languages/shell.ts";
import type { SourceDocument } from "../model/documents/source.ts";
import { printYaml } from "./yaml.ts";

/** The compiled output of one node. */
export interface CompiledNode {
  readonly node: string;
  readonly script: Script;
}

/** A file of the output. */
export interface OutputFile {
  readonly name: string;
  readonly content: Uint8Array | string;
}

/** Every name that `--out-dir` may write, in any mode: files that are not written are removed. */
export const outputFileNames = [
  "sysctl.conf",
  "addresses.batch",
  "ipset.restore",
  "iptables.restore",
  "iptables.jumps",
  "ip6tables.restore",
  "ip6tables.jumps",
  "ipvs.restore",
  "ipvs.timeouts",
  "nfacct.counters",
  "nftables.ip.nft",
  "nftables.ip6.nft",
  "hostports.restore",
  "hostports.jumps",
  "hostports6.restore",
  "hostports6.jumps",
  "hostports.nft",
  "apply.sh",
] as const;

/** The files of one node, in the order of `outputFileNames`. */
export function outputFiles({ node, script }: CompiledNode): readonly OutputFile[] {
  const contents = new Map<string | undefined, Uint8Array | string>(
    script.steps.map((step) => [step.file, step.stdin]),
  );
  contents.set("apply.sh", printApplyScript(script, escapeControls(node)));
  return outputFileNames.flatMap((name) => {
    const content = contents.get(name);
    return content === undefined || content.length === 0 ? [] : [{ name, content }];
  });
}

/** `-o text`: every file under a heading. */
export function printText(nodes: readonly CompiledNode[], inFolders: boolean): readonly (string | Uint8Array)[] {
  return nodes.flatMap((compiled) =>
    outputFiles(compiled).flatMap(({ name, content }, index) => {
      const heading = `==> ${inFolders ? `${escapeControls(compiled.node)}/` : ""}${name} <==\n`;
      return [index === 0 && compiled === nodes[0] ? heading : `\n${heading}`, content];
    }),
  );
}

/** `-o json` and `-o yaml`: the steps, with the object and field that each rule comes from. */
export function printStructured(
  nodes: readonly CompiledNode[],
  mode: string,
  documents: readonly SourceDocument[],
  format: "json" | "yaml",
): string {
  const items = nodes.map((compiled) => scriptDocument(compiled, mode, documents));
  const [first] = items;
  const value = items.length === 1 ? first : { apiVersion: "portolan/v1alpha1", kind: "ScriptList", items };
  return format === "json" ? `${printableJson(value, 2)}\n` : printYaml(value);
}

function scriptDocument({ node, script }: CompiledNode, mode: string, documents: readonly SourceDocument[]): object {
  const decoder = new TextDecoder();
  return {
    apiVersion: "portolan/v1alpha1",
    kind: "Script",
    node,
    mode,
    steps: script.steps.map(({ purpose, argv, stdin, file, origins }) => {
      const text = decoder.decode(stdin);
      const lines = text.split("\n");
      const rules = origins?.map((origin) => ruleDocument(origin, lines, documents));
      return { purpose, argv, file, stdin: text, ...(rules === undefined ? {} : { rules }) };
    }),
  };
}

function ruleDocument(
  { line, object, field, document }: LineOrigin,
  lines: readonly string[],
  documents: readonly SourceDocument[],
): object {
  const file = document === undefined ? undefined : documents[document]?.source.name;
  return {
    line,
    text: lines[line - 1] ?? "",
    object,
    ...(field === "" ? {} : { field }),
    ...(file === undefined ? {} : { file }),
  };
}

export interface ScriptTextOptions {
  /** The node that `apply.sh` names in its first lines; default: `this node`. */
  readonly node?: string | undefined;
}

/**
 * The text of a script: every file that `compile --out-dir` writes, under its heading, as `compile -o text` prints them.
 *
 * @example
 * ```ts
 * import { compile, scriptText } from "portolan";
 *
 * const node = { apiVersion: "v1", kind: "Node", metadata: { name: "node1" } };
 * const { script } = compile([node]);
 * const text = scriptText(script, { node: "node1" });
 * console.log(text.match(/^==> .* <==$/gm)); // ["==> sysctl.conf <==","==> iptables.restore <==","==> iptables.jumps <==","==> apply.sh <=="]
 * ```
 */
export function scriptText(script: Script, { node = "this node" }: ScriptTextOptions = {}): string {
  const decoder = new TextDecoder();
  return printText([{ node, script }], false)
    .map((part) => (typeof part === "string" ? part : decoder.decode(part)))
    .join("");
}
