import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Code, catalog } from "../../../src/diagnostics/catalog.ts";
import { findInTexts } from "./find.ts";

const root = new URL("../../../golden/", import.meta.url).pathname;
const folders = readdirSync(root).flatMap((name) => ["iptables", "ipvs"].map((mode) => `${name}/${mode}`));

/** Two Services on one address and port: the second is really never reached. */
const faulty: Readonly<Record<string, readonly string[]>> = {
  "external-ips-clash/iptables": ["rule-unreachable iptables.restore:31"],
};

describe("what is compiled has no faults", () => {
  it.each(folders.filter((folder) => existsSync(join(root, folder))))("%s", (folder) => {
    const names = readdirSync(join(root, folder)).filter((name) => /\.(?:restore|jumps|batch)$/.test(name));
    const texts = Object.fromEntries(names.map((name) => [name, readFileSync(join(root, folder, name), "utf8")]));
    const found = findInTexts(texts).filter((finding) => {
      const [code = ""] = finding.split(" ");
      return catalog[code as Code].severity !== "info";
    });
    expect(found).toEqual(faulty[folder] ?? []);
  });
});
