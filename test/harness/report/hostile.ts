import type { TrafficDiff } from "../../../src/diff/traffic-diff.ts";
import { balanced, change, diffOf } from "./diffs.ts";

/** Texts that would break out of a line, a cell, a fence, a tag, a label or a command. */
export const hostileText = [
  "</script><img src=x onerror=alert(1)>",
  "\u001b[31mred\u001b[0m",
  "`code` ``` ~~~",
  "a|b\\|c",
  "line\nfeed\r\n::error::x",
  "\"quote\" 'single' #quot; end --> x",
  "\u202eright to left\u2028",
  "@everyone #1 [a](javascript:alert(1)) <!-- -->",
  "100%2C50%",
  "]]></style><script>alert(1)</script>",
];

/** Every text of a change is hostile. */
export const hostileDiff: TrafficDiff = diffOf(
  hostileText.map((text, index) =>
    change({
      kind: (["added", "changed", "removed"] as const)[index % 3] ?? "added",
      service: text,
      vip: text,
      protocol: text,
      nodes: [text],
      headline: text,
      details: [text, `# ${text}`, `- ${text}`],
      endpoints: { added: [{ target: text, pod: text, node: text }], removed: [] },
      before: [balanced([text], text)],
      after: [balanced([text, `${text}2`], text, { assuming: [text] })],
      examplePacket: { from: text, fromClass: text, entry: "outside", to: text, protocol: text, was: text, now: text },
      source: { file: text, line: 1, column: 2 },
      examplePath: { before: [], after: [{ where: text, text, differs: true }] },
    }),
  ),
  {
    base: { name: hostileText[0] ?? "", mode: "iptables" },
    head: { name: hostileText[2] ?? "", mode: "ipvs" },
    nodes: hostileText,
    rules: hostileText.map((text) => ({
      nodes: [text],
      added: 1,
      changed: 0,
      removed: 0,
      moved: 1,
      chains: [{ where: text, kind: "renamed" as const, renamedTo: text, lines: [{ sign: "-" as const, text }] }],
    })),
    assumptions: hostileText,
  },
);
