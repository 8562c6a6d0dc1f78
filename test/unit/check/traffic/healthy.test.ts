import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checkHosts, readHosts } from "../../../../src/check/text/check-host.ts";
import { createSink } from "../../../../src/diagnostics/diagnostic.ts";

const folder = new URL("../../../fixtures/healthy-nodes/", import.meta.url);
const names = readdirSync(folder).filter((name) => !name.endsWith(".md"));

describe("nodes that kube-proxy shares with another program", () => {
  it("are many", () => {
    expect(names.length).toBeGreaterThanOrEqual(12);
  });

  it.each(names)("%s has no finding above info", (name) => {
    const sink = createSink();
    const text = readFileSync(new URL(name, folder), "utf8");
    checkHosts(readHosts("", [{ name, text, document: 0, isFromFolder: false }], sink), sink);
    expect(sink.diagnostics.filter(({ severity }) => severity !== "info")).toEqual([]);
  });
});
