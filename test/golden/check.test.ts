import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Code, catalog } from "../../src/diagnostics/catalog.ts";
import { findInTexts } from "../harness/find-faults.ts";
import { goldenCases, goldenFolder, modesOf } from "../harness/golden-cases.ts";

const folders = goldenCases().flatMap((name) => modesOf(name).map((mode) => `${name}/${mode}`));

/** What is really so: of two Services on one address and port one is never reached; a host port takes a node port. */
const faulty: Readonly<Record<string, readonly string[]>> = {
  "host-port-is-node-port/ipvs": ["service-traffic-diverted hostports.restore:11"],
  "external-ips-clash/iptables": ["rule-unreachable iptables.restore:31"],
  "external-ips-clash/nftables": ["external-chain-uncalled nftables.ip.nft:70"],
};

describe("what is compiled has no faults", () => {
  it.each(folders)("%s", (folder) => {
    const names = readdirSync(join(goldenFolder, folder)).filter((name) => /\.(?:restore|jumps|batch|nft)$/.test(name));
    const texts = Object.fromEntries(
      names.map((name) => [name, readFileSync(join(goldenFolder, folder, name), "utf8")]),
    );
    const found = findInTexts(texts).filter((finding) => {
      const [code = ""] = finding.split(" ");
      return catalog[code as Code].severity !== "info";
    });
    expect(found).toEqual(faulty[folder] ?? []);
  });
});
