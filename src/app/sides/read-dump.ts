import type { HostTexts } from "../../datapath/host-texts.ts";
import type { SourceText } from "../../model/documents/source.ts";
import { parseHostDump } from "../../reconcile/live/host-dump.ts";
import { dumpDoubts, parseHostState } from "../../reconcile/live/host-state.ts";
import { recognizeText, splitHeadings, toolTextsIn, toolTextsOfDump } from "../../reconcile/live/tool-texts.ts";
import { outputFileNames } from "../../report/script.ts";
import {
  findTextProblem,
  type HostSide,
  type HostSides,
  inferAddresses,
  modeOfTexts,
  textsByTool,
  textsOfFiles,
} from "./host-side.ts";

/** Reads a text that tools, collect or `compile -o text` wrote; undefined for one that is none of these. */
export function readDump(source: SourceText): HostSides | undefined {
  switch (recognizeText(source.text)) {
    case "manifests":
      return undefined;
    case "compiled":
      return readCompiledText(source);
    case "collected":
      return readCollected(source);
    case "listing":
      return broken(`${source.name} is a listing of one table: pass the output of iptables-save`);
    case "rules":
    case "sets":
    case "servers":
    case "addresses":
      return readToolTexts([source]);
  }
}

/** Texts of single tools, all of one host whose name nobody tells. */
export function readToolTexts(sources: readonly SourceText[]): HostSides {
  const texts = textsByTool(
    sources.flatMap(({ name: file, text }) => toolTextsIn(file, text).map((part) => ({ file, ...part }))),
  );
  const problem = findTextProblem(texts);
  if (problem !== undefined) return broken(problem);
  const { serviceAddresses, nodeAddresses: shownAddresses } = inferAddresses(texts);
  const host = { name: undefined, mode: modeOfTexts(texts), addresses: undefined, shownAddresses };
  return { kind: "hosts", hosts: [{ ...host, texts: { ...texts, serviceAddresses } }] };
}

function readCollected({ name: file, text }: SourceText): HostSides {
  const parsed = parseHostDump(text);
  if (parsed.kind === "broken") return broken(`${file}: ${parsed.message}`);
  const { state, problems } = parseHostState(parsed.dump);
  const texts: HostTexts = {
    ...textsByTool(toolTextsOfDump(text, parsed.dump).map((part) => ({ file, ...part }))),
    serviceAddresses: [...(state.serviceAddresses ?? [])].map((address) => address.replace(/\/\d+$/, "")),
  };
  const problem = findTextProblem(texts);
  if (problem !== undefined) return broken(problem);
  const [doubt] = dumpDoubts(parsed.dump, problems);
  if (doubt !== undefined) return broken(`${file} is incomplete: ${doubt}`);
  const name = state.name === "" ? undefined : state.name;
  return { kind: "hosts", hosts: [{ name, mode: modeOfTexts(texts), texts, addresses: state.addresses }] };
}

function broken(message: string): HostSides {
  return { kind: "broken", message };
}

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
  return { kind: "broken", message: `${name}: it has a heading that is not a file name of compile` };
}
