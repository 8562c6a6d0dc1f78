import { describe, expect, it } from "vitest";
import { printPart } from "../../../src/datapath/share.ts";
import { renderBrief, renderUnified } from "../../../src/report/diff/brief.ts";
import { renderGithub } from "../../../src/report/diff/github.ts";
import { hasControls } from "../../harness/controls.ts";
import { change, diffOf, emptyDiff } from "../../harness/report/diffs.ts";
import { hostileDiff } from "../../harness/report/hostile.ts";
import { largeDiff, smallDiff } from "../../harness/report/samples.ts";

const lines = (text: string): readonly string[] => text.split("\n").slice(0, -1);

describe("renderBrief", () => {
  it("has a line for every change of behaviour", () => {
    expect(lines(renderBrief(smallDiff)).slice(0, 5)).toEqual([
      "+ access-widened shop/web:http nodePort 30080/TCP: opens on every node, on 3 nodes (deploy/web.yaml:17:15)",
      "~ load-distribution shop/web:http 10.96.4.20:80/TCP: endpoints 3 -> 2, on 3 nodes (deploy/web.yaml:21:13)",
      "~ load-distribution shop/web:http 203.0.113.5:80/TCP: endpoints 3 -> 2, on 3 nodes (deploy/web.yaml:21:13)",
      "- access-lost shop/checkout:grpc 10.96.100.2:9090/TCP: no endpoints left, on 3 nodes (deploy/checkout.yaml:8:5)",
      "- access-lost - 192.0.2.80:8080/TCP: answers no longer, on 3 nodes",
    ]);
  });

  it("is empty where nothing changes, and keeps its lines whatever the names are", () => {
    expect(renderBrief(emptyDiff)).toBe("");
    expect(lines(renderBrief(hostileDiff))).toHaveLength(hostileDiff.changes.length);
    expect(hasControls(renderBrief(hostileDiff))).toBe(false);
  });
});

describe("renderUnified", () => {
  it("counts the lines of each hunk as they are", () => {
    const text = lines(renderUnified(smallDiff));
    const heads = text.flatMap((line, index) => {
      const [, removed, added] = /^@@ -\d,(\d+) \+\d,(\d+) @@/.exec(line) ?? [];
      return removed === undefined ? [] : [{ index, removed: Number(removed), added: Number(added) }];
    });
    expect(heads).toHaveLength(2);
    for (const { index, removed, added } of heads) {
      const body = text.slice(index + 1, index + 1 + removed + added);
      expect(body.filter((line) => line.startsWith("-"))).toHaveLength(removed);
      expect(body.filter((line) => line.startsWith("+"))).toHaveLength(added);
    }
    expect(text.slice(0, 3)).toEqual([
      "# the same on n2, n3",
      "--- base.yaml: n1 and 2 more",
      "+++ git:HEAD:deploy: n1 and 2 more",
    ]);
  });

  it("is empty without rules, and safe with any", () => {
    expect(renderUnified(emptyDiff)).toBe("");
    expect(hasControls(renderUnified(hostileDiff))).toBe(false);
  });
});

describe("renderGithub", () => {
  it("annotates the worst change of each service, as loud as it is grave", () => {
    const commands = lines(renderGithub(smallDiff));
    expect(commands.map((line) => /^::(\w+) /.exec(line)?.[1])).toEqual([
      "warning",
      "error",
      "error",
      "warning",
      "notice",
    ]);
    expect(commands[1]).toMatch(/^::error file=deploy\/checkout\.yaml,line=8,col=5,title=portolan%3A access lost::/);
    expect(commands[1]).toContain("shop/checkout:grpc 10.96.100.2:9090/TCP: no endpoints left%0Aconnections are now");
  });

  it("has at most ten, and says what is not among them", () => {
    const commands = lines(renderGithub(largeDiff(500)));
    expect(commands).toHaveLength(10);
    expect(commands[9]).toBe("::notice title=portolan diff::491 more Services in the report");
    expect(lines(renderGithub(largeDiff(10)))).toHaveLength(10);
    expect(renderGithub(emptyDiff)).toBe("");
  });

  it("keeps names within their property and their line", () => {
    const file = "a,b:c%\r\n::error::x";
    const [command = "", ...others] = lines(
      renderGithub(diffOf([change({ headline: "50%\n::error::y", source: { file, line: 1, column: 2 } })])),
    );
    expect(others).toEqual([]);
    expect(command).toMatch(/^::warning file=a%2Cb%3Ac%25\\u000d\\u000a%3A%3Aerror%3A%3Ax,line=1,/);
    expect(command).toContain("50%25\\u000a::error::y");
    for (const line of lines(renderGithub(hostileDiff))) expect(line).toMatch(/^::(?:error|warning|notice) [^:]*::/);
    expect(hasControls(renderGithub(hostileDiff))).toBe(false);
  });
});

describe("a share of the packets, as a percentage", () => {
  it.each([
    [0, "0%"],
    [1, "100%"],
    [0.5, "50%"],
    [715827883 / 2147483648, "33.3%"],
    [1 / 2 ** 31, "< 0.1%"],
    [1 - 1 / 2 ** 31, "> 99.9%"],
  ])("%d reads %s", (share, text) => {
    expect(printPart(share)).toBe(text);
  });
});
