import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { HostDocument } from "../../../../src/ir/artifact.ts";
import { parseHostState } from "../../../../src/reconcile/live/host-state.ts";
import { parseDump } from "../../../../src/reconcile/live/parse-dump.ts";
import { describeProblem, readHostDocument } from "../../../../src/reconcile/live/read-host-document.ts";

const fixture = (name: string): string =>
  readFileSync(new URL(`../../../fixtures/host-documents/${name}`, import.meta.url), "utf8");
const old = fixture("collect-v1.txt");

function hostIn(text: string): HostDocument {
  const { hosts, problems } = parseDump(text);
  expect(problems).toEqual([]);
  expect(hosts).toHaveLength(1);
  return hosts[0] as HostDocument;
}

function problemsOf(host: HostDocument): readonly string[] {
  return readHostDocument(host).problems.map(describeProblem);
}

function withoutSection(text: string, heading: string): string {
  const start = text.indexOf(`==> ${heading} <==`);
  return text.slice(0, start) + text.slice(text.indexOf("\n==> ", start) + 1);
}

describe("documents of earlier releases", () => {
  it.each(["collect-v1.txt", "collect-script-v1.txt"])("%s, which has no version, is read whole", (name) => {
    const host = hostIn(fixture(name));
    expect(host).toMatchObject({ kind: "collected", version: 1, name: "node1" });
    expect(problemsOf(host)).toEqual([]);
    const { state } = parseHostState(host);
    expect(state.addresses).toEqual(["192.0.2.1"]);
    expect([...(state.rules.ipv4?.tables.keys() ?? [])]).toEqual(["filter", "nat"]);
    expect(state.rules.ipv4?.tables.get("nat")?.has("KUBE-SERVICES")).toBe(true);
    expect(state.rules.ipv6).toBeUndefined();
    expect(state.withoutRules.ipv6).toBe("not installed");
    expect(state.counters).toBeUndefined();
  });

  it("one with fewer headings is read, unless it lacks what nothing can be said without", () => {
    const fewer = ["nfacct list", "conntrack -L -p udp -f ipv6", "ipset save", "uname -n"].reduce(withoutSection, old);
    const host = hostIn(fewer);
    expect(host.name).toBeUndefined();
    expect(problemsOf(host)).toEqual([]);
    expect(parseHostState(host).state.counters).toBeUndefined();
    expect(problemsOf(hostIn(withoutSection(old, "iptables-save")))).toEqual([
      "iptables-save: the document has no such heading",
    ]);
    const asking = old.replace("COMMIT", "-A KUBE-SERVICES -m set --match-set KUBE-CLUSTER-IP dst -j ACCEPT\nCOMMIT");
    expect(problemsOf(hostIn(withoutSection(asking, "ipset save")))).toEqual([
      "ipset save: the document has no such heading",
    ]);
  });
});

describe("documents of later releases", () => {
  it("headings that are not known are passed over", () => {
    const newer = old
      .replace("==> uname -n <==", "==> version <==\n7\n==> uname -n <==")
      .replace("==> ipset save <==", "==> nft -j list ruleset <==\n*nat\n-A nonsense\n\n==> ipset save <==");
    const host = hostIn(newer);
    expect(host.version).toBe(7);
    expect(problemsOf(host)).toEqual([]);
    const texts = (one: HostDocument) => one.texts.map(({ heading, text }) => [heading, text]);
    expect(texts(host)).toEqual(texts(hostIn(old)));
  });
});
