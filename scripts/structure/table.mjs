// The table of what can be measured of the structure of src/: as it was at commit 5447f0e, the target, and as it is.
import { posix } from "node:path";
import { filesAskingMode, filesDeclaring, filesKnowingTool, filesReadingRules } from "./knowledge.mjs";
import { callsOf } from "./loaded.mjs";
import { findCycles, layerOffenders, siblingPairs } from "./rules.mjs";

const input = ["-f", "golden/service-python-nodeport/cluster.yaml"];
/** Called once for each compilation of a Service of one port. A plan may be read again: that compiles nothing. */
const onceCalled = ["resolvePlan", "lowerServicePort"];

/** Each row with its current value; undefined where that cannot be measured: without a build, or when a name here is out of date. */
export function measure(sources, edges, layers) {
  const paths = sources.map(({ path }) => path);
  const [asking, knowing] = [filesAskingMode(sources), filesKnowingTool(edges)];
  const loaded = callsOf(["compile", ...input]);
  const packet = callsOf([
    "explain",
    "packet",
    ...input,
    "--to",
    "svc/default/service-python:3000",
    "--from",
    "internet",
  ]);
  return [
    row("files", 572, "<= 450", paths.length),
    row("folders", 81, "<= 55", new Set(paths.map((path) => posix.dirname(path))).size),
    row("depth", 4, "3", Math.max(...paths.map((path) => path.split("/").length - 1))),
    row("import cycles", 8, "0", findCycles(edges).length),
    row("sibling folders that import each other", 20, "0", siblingPairs(edges).length),
    row("back-edges of layers", 18, "0", layerOffenders(edges, layers).length),
    row("files outside programs/ and languages/ that ask for a mode", 27, "0", asking.length),
    row("files outside them that import a tool's or program's folder", 74, "0", knowing.length),
    row("files outside them that do either", 90, "0", new Set([...asking, ...knowing]).size),
    row("files outside them that take iptables-save lines apart", 10, "0", filesReadingRules(sources).length),
    row("ToolText types", 3, "1", filesDeclaring(sources, "ToolText").length),
    row("compilations per explain packet", 2, "1", packet && compilations(packet)),
    row("modules loaded by compile of one Service", 181, "<= 120", loaded?.size),
    row("of which called", 84, "", loaded && [...loaded.values()].filter((calls) => calls.length > 0).length),
  ];
}

function row(label, before, target, now) {
  return { label, before, target, now };
}

function compilations(modules) {
  const calls = [...modules.values()].flat().filter(({ functionName }) => onceCalled.includes(functionName));
  return calls.length === 0 ? undefined : Math.max(...calls.map(({ ranges: [{ count }] }) => count));
}

export function renderTable(rows) {
  const cells = [
    ["", "before", "target", "now"],
    ...rows.map(({ label, before, target, now }) => [label, before, target, now ?? "not measured"].map(String)),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((line) => line[column].length)));
  return cells
    .map((line) => line.map((cell, column) => (column ? cell.padStart(widths[column]) : cell.padEnd(widths[0]))))
    .map((line) => line.join("  ").trimEnd())
    .join("\n");
}
