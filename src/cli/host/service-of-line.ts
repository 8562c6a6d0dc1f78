import type { ServiceOfLine } from "../../changes/summarize-changes.ts";
import type { Script } from "../../tools/script.ts";

const decoder = new TextDecoder();

/**
 * Says whose a line of the sets, virtual servers and addresses is: these tools' text names no Service, so the state is
 * compiled once more with origins, when somebody asks.
 */
export function serviceOfLine(compileWithOrigins: () => Script | undefined): ServiceOfLine {
  let known: ReadonlyMap<string, string> | undefined;
  return (line) => {
    known ??= ownersIn(compileWithOrigins());
    return known.get(line);
  };
}

const files = new Set(["ipset.restore", "ipvs.restore", "addresses.batch"]);

function ownersIn(script: Script | undefined): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const { file, stdin, origins } of script?.steps ?? []) {
    if (file === undefined || !files.has(file)) continue;
    const lines = decoder.decode(stdin).split("\n");
    for (const { line, object } of origins ?? []) {
      owners.set(keyOf(lines[line - 1] ?? ""), object.replace(/^Service /, ""));
    }
  }
  return owners;
}

/** What stays of a line when its options may differ: `-A -t 10.96.0.10:80`, `addr 10.96.0.10/32`. */
function keyOf(line: string): string {
  const words = line.split(" ");
  if (words[0] === "-A") return words.slice(0, 3).join(" ");
  return words[0] === "addr" ? `addr ${words[2]}` : line;
}
