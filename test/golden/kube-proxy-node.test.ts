import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { type Mode, modeOf } from "../../scripts/conformance/case.mjs";
import { corpusCases } from "../../scripts/conformance/corpus.mjs";
import { compile } from "../../src/index.ts";
import { rulesetCommand } from "../../src/languages/nftables/language.ts";
import { sysctlCommand } from "../../src/languages/sysctl.ts";
import { readDocuments } from "../../src/model/documents/read-documents.ts";
import { ownedInScript } from "../../src/reconcile/desired-state.ts";
import { checkBackup } from "../../src/reconcile/live/check-backup.ts";
import { type CollectedTexts, collectedDocument } from "../../src/reconcile/live/collected-document.ts";
import { parseHostState } from "../../src/reconcile/live/host-state.ts";
import { ownedOnHost } from "../../src/reconcile/live/live-state.ts";
import { isAnythingOwned } from "../../src/reconcile/owned-objects.ts";
import { planChanges } from "../../src/reconcile/plan-changes.ts";

const cases = corpusCases("cases").filter(({ folder }) => existsSync(join(folder, "expected/sysctl.conf")));

/** What collect would print on a node that the real kube-proxy has programmed. */
function dumpOf(folder: string): CollectedTexts {
  const read = (file: string) => {
    const path = join(folder, "expected", file);
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  };
  const cidrs = read("addresses")
    .split("\n")
    .filter((line) => line !== "");
  const addr_info = cidrs.map((cidr) => ({ local: cidr.replace(/\/\d+$/, ""), scope: "global" }));
  const isIpvs = existsSync(join(folder, "expected/ipset.save"));
  const texts = {
    "ip -j addr": JSON.stringify(isIpvs ? [{ ifname: "kube-ipvs0", link_type: "ether", addr_info }] : []),
    "iptables-save": read("iptables.save"),
    "ip6tables-save": read("ip6tables.save"),
    [rulesetCommand]: read("nft.ip") + read("nft.ip6"),
    "ipset save": read("ipset.save"),
    "ipvsadm -Sn": read("ipvsadm.save"),
    ...(isIpvs ? { "ipvsadm -L --timeout": "Timeout (tcp tcpfin udp): 900 120 300\n" } : {}),
    [sysctlCommand]: read("sysctl.conf").replace(/^(\S+) ?= ?(.*)$/gm, "$1 = $2"),
  };
  return { texts, failures: {} };
}

function valuesOf(path: string): readonly unknown[] {
  return readDocuments({ name: path, text: readFileSync(path, "utf8") }).documents.map(({ value }) => value);
}

describe.each<Mode>(["iptables", "ipvs", "nftables"])("on a node of the real kube-proxy in %s mode", (mode) => {
  test.each(cases.filter(({ folder }) => modeOf(folder) === mode))("$name: nothing is left to do", ({ folder }) => {
    const { node } = parse(readFileSync(join(folder, "case.yaml"), "utf8"));
    const [proxyConfig] = valuesOf(join(folder, "kube-proxy.yaml"));
    const { script } = compile(valuesOf(join(folder, "cluster.yaml")), { node, proxyConfig, kubeProxyVersion: "1.36" });
    if (script === undefined) throw new Error("refused");
    const wanted = { ...ownedInScript(script), timeouts: undefined, counters: new Set<string>() };
    const document = collectedDocument(dumpOf(folder));
    const { state, problems } = parseHostState(document);
    expect(problems).toEqual([]);
    expect(checkBackup(document, state), "a backup of it can be restored").toEqual([]);
    const found = ownedOnHost(state, { desiredServers: new Set(), excluded: [] });
    const families = (["ipv4", "ipv6"] as const).filter((family) => wanted.rules[family] === undefined);
    for (const family of families) {
      const rules = found.rules[family];
      expect(rules !== undefined && isAnythingOwned(rules), family).toBe(false);
    }
    const backends = { ipv4: "legacy", ipv6: "legacy" } as const;
    expect(planChanges(wanted, found, { backends, flows: [] }).steps).toEqual([]);
  });
});
