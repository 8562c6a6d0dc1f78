import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { goldenCases, goldenFolder } from "../harness/golden-cases.ts";
import { skipFor } from "../harness/skip.ts";
import { whyNoKernel } from "./needs.ts";
import { inWrittenForm } from "./nft-listing.ts";

/** Of the table of kube-proxy; test/lab/host-ports.test.ts loads the others. */
const texts = goldenCases().flatMap((name) => {
  const folder = join(goldenFolder, name, "nftables");
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => /^nftables\..*\.nft$/.test(file)) : [];
  return files.map((file) => ({ name: `${name}/${file}`, path: join(folder, file) }));
});

/** Loads a text twice in a namespace of its own, over another table and what an earlier kube-proxy may have left. */
const loadTwice = `set -e
family=$2
nft add table $family other
nft add table $family kube-proxy
nft add chain $family kube-proxy services
nft add rule $family kube-proxy services drop
nft -f "$1"
nft -s list table $family kube-proxy
echo @@
nft -f "$1"
nft -s list table $family kube-proxy
echo @@
nft list tables`;

describe("nft", skipFor(whyNoKernel(["unshare", "nft"])), () => {
  test("there are texts", () => expect(texts.length).toBeGreaterThan(60));

  test.each(texts)("loads $name, twice, and lists it as it is written", ({ path }) => {
    const family = path.endsWith(".ip6.nft") ? "ip6" : "ip";
    const { stdout, stderr } = spawnSync("unshare", ["-n", "sh", "-c", loadTwice, "sh", path, family], {
      encoding: "utf8",
      maxBuffer: 2 ** 26,
    });
    expect(stderr).toBe("");
    const [first = "", second, tables] = stdout.split("@@\n");
    const written = readFileSync(path, "utf8").replace(/^(?:add|delete) table .*\n/gm, "");
    expect(inWrittenForm(first)).toBe(written);
    expect(second).toBe(first);
    expect(tables).toBe(`table ${family} other\ntable ${family} kube-proxy\n`);
  });
});
