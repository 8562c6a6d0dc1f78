import { splitHeadings } from "../../changes/found/tool-texts.ts";
import type { HostTexts } from "../../evaluate/host-texts.ts";
import type { SourceText } from "../../host/sources/source.ts";
import { outputFileNames } from "../terminal/print-script.ts";
import { findTextProblem, modeOfTexts } from "./check-texts.ts";
import { type HostSide, type HostSides, textsOfFiles } from "./host-side.ts";
import { inferAddresses } from "./infer-addresses.ts";

/** A file of `compile --out-dir`: `iptables.restore`, or `node1/iptables.restore` of `--all-nodes`. */
export interface CompiledFile {
  readonly name: string;
  readonly source: SourceText;
}

/** Which of a folder's files `compile --out-dir` wrote: those at its top, else those of a folder for each node. */
export function outDirNames(names: readonly string[]): readonly string[] {
  const known = names.filter((name) => outputFileNames.some((file) => file === name.slice(name.lastIndexOf("/") + 1)));
  const atTop = known.filter((name) => !name.includes("/"));
  if (atTop.length > 0) return atTop;
  return known.filter((name) => name.split("/").length === 2);
}

/** Reads the files of `compile --out-dir`. */
export function readOutDir(files: readonly CompiledFile[]): HostSides {
  const byNode = new Map<string, CompiledFile[]>();
  for (const file of files) {
    const node = file.name.includes("/") ? file.name.slice(0, file.name.indexOf("/")) : "";
    const known = byNode.get(node);
    if (known === undefined) byNode.set(node, [file]);
    else known.push(file);
  }
  const hosts: HostSide[] = [];
  for (const [node, own] of byNode) {
    const texts = textsOf(own);
    const problem = findTextProblem(texts);
    if (problem !== undefined) return { kind: "broken", message: problem };
    const { nodeAddresses: shownAddresses } = inferAddresses(texts);
    const name = node || nameInScript(own);
    hosts.push({ name, mode: modeOfTexts(texts), texts, addresses: undefined, shownAddresses });
  }
  return { kind: "hosts", hosts };
}

function textsOf(files: readonly CompiledFile[]): HostTexts {
  return textsOfFiles((wanted) =>
    files
      .filter(({ name }) => name === wanted || name.endsWith(`/${wanted}`))
      .map(({ source: { name: file, text } }) => ({ file, text })),
  );
}

/** `apply.sh` says for which node it is. */
function nameInScript(files: readonly CompiledFile[]): string | undefined {
  const script = files.find(({ name }) => name === "apply.sh")?.source.text ?? "";
  return /^# Programs this host with the rules for node (\S+): /m.exec(script.slice(0, 1000))?.[1];
}

/** Reads what `compile -o text` prints: the same files under headings. */
export function readCompiledText({ name, text }: SourceText): HostSides {
  const files = splitHeadings(text).map((part) => ({ name: part.name, source: { name, text: part.text } }));
  const known = outDirNames(files.map((file) => file.name));
  if (files.length > 0 && known.length === files.length) return readOutDir(files);
  return { kind: "broken", message: `${name}: it has a heading that is none of compile's files` };
}
