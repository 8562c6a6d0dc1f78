import { dumpDoubts } from "../../changes/found/dump-doubts.ts";
import { parseHostDump } from "../../changes/found/host-dump.ts";
import { parseHostState } from "../../changes/found/host-state.ts";
import { recognizeText } from "../../changes/found/recognize-text.ts";
import { splitFamilies } from "../../changes/found/split-families.ts";
import type { HostTexts, TextPart } from "../../evaluate/host-texts.ts";
import type { SourceText } from "../../host/sources/source.ts";
import { findTextProblem, modeOfTexts } from "./check-texts.ts";
import { type HostSides, joinTexts, noTexts } from "./host-side.ts";
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
      return readToolTexts([source]);
  }
}

/** Texts of single tools, all of one host whose name nobody tells. */
export function readToolTexts(sources: readonly SourceText[]): HostSides {
  const texts = joinTexts(sources.map(textsOf));
  const problem = findTextProblem(texts);
  if (problem !== undefined) return broken(problem);
  const { serviceAddresses, nodeAddresses: shownAddresses } = inferAddresses(texts);
  const host = { name: undefined, mode: modeOfTexts(texts), addresses: undefined, shownAddresses };
  return { kind: "hosts", hosts: [{ ...host, texts: { ...texts, serviceAddresses } }] };
}

function textsOf({ name: file, text }: SourceText): HostTexts {
  const kind = recognizeText(text);
  if (kind === "sets") return { ...noTexts, ipset: [{ file, text }] };
  if (kind === "servers") return { ...noTexts, ipvs: [{ file, text }] };
  const { ipv4, ipv6 } = splitFamilies(file, text);
  const part = (own: string | undefined): readonly TextPart[] => (own === undefined ? [] : [{ file, text: own }]);
  return { ...noTexts, iptables: part(ipv4), ip6tables: part(ipv6) };
}

function readCollected({ name: file, text }: SourceText): HostSides {
  const parsed = parseHostDump(text);
  if (parsed.kind === "broken") return broken(`${file}: ${parsed.message}`);
  const { state, problems } = parseHostState(parsed.dump);
  const part = (command: "iptables-save" | "ip6tables-save" | "ipset save" | "ipvsadm -Sn"): readonly TextPart[] => {
    const body = parsed.dump.texts[command];
    // Empty lines before it, so that lines are counted as in the file.
    return body === undefined ? [] : [{ file, text: "\n".repeat(linesBefore(text, command)) + body }];
  };
  const texts: HostTexts = {
    iptables: part("iptables-save"),
    ip6tables: part("ip6tables-save"),
    ipset: part("ipset save"),
    ipvs: part("ipvsadm -Sn"),
    serviceAddresses: [...(state.serviceAddresses ?? [])].map((address) => address.replace(/\/\d+$/, "")),
  };
  const problem = findTextProblem(texts);
  if (problem !== undefined) return broken(problem);
  const [doubt] = dumpDoubts(parsed.dump, problems);
  if (doubt !== undefined) return broken(`${file} cannot be relied on: ${doubt}`);
  const name = state.name === "" ? undefined : state.name;
  return { kind: "hosts", hosts: [{ name, mode: modeOfTexts(texts), texts, addresses: state.addresses }] };
}

/** How many lines there are up to the text of a command, its heading included. */
function linesBefore(text: string, command: string): number {
  const end = text.indexOf(`==> ${command} <==`);
  let lines = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < end; at = text.indexOf("\n", at + 1)) lines += 1;
  return lines;
}

function broken(message: string): HostSides {
  return { kind: "broken", message };
}
