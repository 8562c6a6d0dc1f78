import { dumpDoubts } from "../../changes/found/dump-doubts.ts";
import { parseHostDump } from "../../changes/found/host-dump.ts";
import { parseHostState } from "../../changes/found/host-state.ts";
import { recognizeText } from "../../changes/found/recognize-text.ts";
import { toolTextsIn, toolTextsOfDump } from "../../changes/found/tool-texts.ts";
import type { HostTexts } from "../../evaluate/host-texts.ts";
import type { SourceText } from "../../host/sources/source.ts";
import { findTextProblem, modeOfTexts } from "./check-texts.ts";
import { type HostSides, textsByTool } from "./host-side.ts";
import { inferAddresses } from "./infer-addresses.ts";
import { readCompiledText } from "./read-out-dir.ts";

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
      return broken(`${source.name} is a listing of one table: take what iptables-save prints`);
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
  if (doubt !== undefined) return broken(`${file} cannot be relied on: ${doubt}`);
  const name = state.name === "" ? undefined : state.name;
  return { kind: "hosts", hosts: [{ name, mode: modeOfTexts(texts), texts, addresses: state.addresses }] };
}

function broken(message: string): HostSides {
  return { kind: "broken", message };
}
