import { describe, expect, it } from "vitest";
import { compile } from "../../../../src/index.ts";
import { sysctlCommand } from "../../../../src/languages/sysctl.ts";
import {
  collectedDocument,
  collectHeadings,
  printDocument,
} from "../../../../src/reconcile/live/collected-document.ts";

import { runCli, workspace } from "../../../harness/run-cli.ts";

const state = [
  {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: "node1" },
    status: { addresses: [{ type: "InternalIP", address: "192.0.2.1" }] },
  },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web", namespace: "shop" },
    spec: { type: "NodePort", clusterIP: "10.96.0.1", ports: [{ port: 80, nodePort: 30080 }] },
  },
  {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: "web-1", namespace: "shop", labels: { "kubernetes.io/service-name": "web" } },
    addressType: "IPv4",
    ports: [{ name: "", port: 8080 }],
    endpoints: [{ addresses: ["10.244.1.5"] }, { addresses: ["10.244.1.6"] }],
  },
];

/** What a host with kube-proxy has; `without` names the tools that are not installed there. */
function dumpOf(features: object, { without = [], edit = (text: string) => text }: DumpOptions = {}): string {
  const host = { apiVersion: "portolan/v1alpha1", kind: "Host", metadata: { name: "node1" }, features };
  const { script } = compile(state, { node: "node1", host });
  const file = (name: string) => {
    const step = script?.steps.find((one) => one.file === name);
    return step === undefined ? "" : new TextDecoder().decode(step.stdin);
  };
  const listed = file("nfacct.counters").replace(
    /^.+$/gm,
    "{ pkts = 00000000000000000000, bytes = 00000000000000000000 } = $&;",
  );
  const known: Partial<Record<string, string>> = {
    "ip -j addr": JSON.stringify([{ ifname: "eth0", link_type: "ether", addr_info: [{ local: "192.0.2.1" }] }]),
    "iptables --version": "iptables v1.8.9 (nf_tables)\n",
    "iptables-save": edit(file("iptables.restore") + file("iptables.jumps")),
    [sysctlCommand]: file("sysctl.conf"),
    "nfacct list": listed,
  };
  const isAbsent = (command: string) => without.includes(command.split(" ")[0] ?? "");
  const texts = collectHeadings.filter((one) => !isAbsent(one)).map((one) => [one, known[one] ?? ""]);
  const failures = collectHeadings.filter(isAbsent).map((one) => [one, "not installed"]);
  return printDocument(collectedDocument({ texts: Object.fromEntries(texts), failures: Object.fromEntries(failures) }));
}

interface DumpOptions {
  readonly without?: readonly string[];
  readonly edit?: (text: string) => string;
}

function verify(dump: string) {
  const cwd = workspace({ "state.json": state.map((one) => JSON.stringify(one)).join("\n"), "node1.txt": dump });
  return runCli(["verify", "-f", "state.json", "--node", "node1", "--actual", "node1.txt"], { cwd });
}

describe("verify", () => {
  it.each([
    ["without counters", dumpOf({})],
    ["with counters", dumpOf({ nfacct: true })],
    ["with counters that nobody there can list", dumpOf({ nfacct: true }, { without: ["nfacct"] })],
  ])("finds no drift where kube-proxy works on a kernel %s", async (_, dump) => {
    const result = await verify(dump);
    expect(result, result.stdout).toMatchObject({ code: 0, stdout: "Node node1: no drift.\n" });
  });

  it("tells of comments that differ, and does not call it drift", async () => {
    const edit = (text: string) => text.replace(/^(-A KUBE-SEP-\S+ .*?) -m comment --comment "[^"]*"/gm, "$1");
    const result = await verify(dumpOf({}, { edit }));
    expect(result.code, result.stdout).toBe(0);
    expect(result.stdout).toMatch(
      /^note: changed: 2 of 2 rules of KUBE-SEP-\S+ differ in comments only \(nat, IPv4\)\n {2}affects shop\/web\n {2}no packet is treated differently now\n/,
    );
    const other = await verify(
      dumpOf({}, { edit: (text) => edit(text).replace("destination 10.244.1.6:8080", "destination 10.244.1.7:8080") }),
    );
    expect(other.code, other.stdout).toBe(1);
  });
});
