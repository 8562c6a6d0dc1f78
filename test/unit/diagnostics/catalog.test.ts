import { describe, expect, it } from "vitest";
import type { CatalogEntry } from "../../../src/diagnostics/catalog/entry.ts";
import { catalog, isCode } from "../../../src/diagnostics/catalog.ts";
import { createSink, createSubject } from "../../../src/diagnostics/diagnostic.ts";
import { fieldPath } from "../../../src/diagnostics/place.ts";
import { escapeControls, printable } from "../../../src/diagnostics/printable.ts";

describe("the catalog", () => {
  it.each(Object.entries<CatalogEntry>(catalog))("%s", (code, { severity, message, hint, explanation }) => {
    expect(code).toMatch(/^[a-z0-9]+(-[a-z0-9]+)+$/);
    expect(["error", "warning", "info"]).toContain(severity);
    expect(message).toMatch(/^[^\n]{5,160}$/);
    expect(message).not.toMatch(/\.$/);
    expect(explanation).toMatch(/^[^\n]*\.$/);
    expect(explanation.split(" ").length).toBeGreaterThan(4);
    if (hint !== undefined) expect(hint).toMatch(/^[^\n]*[^.\n]$/);
  });

  it("knows its codes and no inherited names", () => {
    expect(isCode("node-port-taken")).toBe(true);
    expect(isCode("toString")).toBe(false);
  });
});

describe("text from the input", () => {
  it("has its control characters shown", () => {
    expect(escapeControls("a\u001b[31m\n\u202e\u2028\u00ad\u{e0041}b")).toBe(
      "a\\u001b[31m\\u000a\\u202e\\u2028\\u00ad\\u{e0041}b",
    );
    expect(escapeControls("half \ud800 a pair")).toBe("half \\ud800 a pair");
    expect(printable("x".repeat(100))).toHaveLength(80);
    expect(printable({ a: "\u0007" })).toBe('{"a":"\\u0007"}');
  });

  it("in messages, objects and fields alike", () => {
    const sink = createSink();
    const place = { parent: { parent: { parent: undefined, key: 0 }, key: "a\u001b" }, key: 1 };
    sink.reporter(createSubject("Service", "", "\u001b]0;x\u0007"))("name-invalid", place, {
      name: "\r\n",
      shape: "{shape}",
    });
    const [diagnostic] = sink.diagnostics;
    expect(diagnostic).toMatchObject({
      object: "Service \\u001b]0;x\\u0007",
      field: "[a\\u001b][1]",
      message: `"\\u000d\\u000a" is not a valid name: {shape}`,
    });
  });

  it("paths are written as Kubernetes writes them", () => {
    expect(fieldPath(["spec", "ports", 0, "nodePort"])).toBe("spec.ports[0].nodePort");
    expect(fieldPath(["metadata", "labels", "a.b/c"])).toBe("metadata.labels[a.b/c]");
  });
});
