import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parseAddressSet } from "../../src/datapath/address-set.ts";
import { evaluatePacket } from "../../src/datapath/evaluate-packet.ts";
import { hostTextsOf } from "../../src/diff/host-side.ts";
import { readEvaluatedHost } from "../../src/languages/evaluated-host.ts";
import { parseDump } from "../../src/reconcile/live/parse-dump.ts";
import { skipFor } from "../harness/skip.ts";
import { whyNoKernel } from "./needs.ts";

const reason = whyNoKernel(["iptables-legacy-restore", "iptables-nft-restore", "ip"]);
const folder = mkdtempSync(join(tmpdir(), "portolan-backends-"));
afterAll(() => rmSync(folder, { recursive: true }));

const targets = { legacy: "10.70.0.1", nft: "10.70.0.2" } as const;
type Backend = keyof typeof targets;

function rulesOf(backend: Backend): string {
  return `*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A OUTPUT -d 10.90.4.4/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination ${targets[backend]}:8080
COMMIT
`;
}

/** Who answers a connection of the node: a server on each target says its address. */
const connect = `
const net = require("node:net");
const addresses = ${JSON.stringify(Object.values(targets))};
const servers = addresses.map((address) => net.createServer((socket) => socket.end(address)).listen(8080, address));
Promise.all(servers.map((server) => new Promise((resolve) => server.on("listening", resolve)))).then(() => {
  let text = "";
  const socket = net.connect(80, "10.90.4.4");
  socket.on("data", (part) => (text += part));
  socket.on("error", (error) => (text = error.message));
  socket.on("close", () => { console.log("ANSWER " + text); process.exit(0); });
});`;

function loadAndConnect(order: readonly Backend[]): { readonly answer: string; readonly saved: string } {
  for (const backend of order) writeFileSync(join(folder, backend), rulesOf(backend));
  writeFileSync(join(folder, "connect.cjs"), connect);
  const loads = order.map((backend) => `iptables-${backend}-restore < ${join(folder, backend)}`);
  const addresses = [...Object.values(targets), "10.90.4.4"].map((ip) => `ip addr add ${ip}/32 dev lo`);
  const saves = order.map((backend) => `iptables-${backend}-save`);
  const script = [
    "set -e",
    "ip link set lo up",
    ...addresses,
    ...loads,
    `${process.execPath} ${join(folder, "connect.cjs")}`,
    ...saves,
  ];
  const { status, stdout, stderr } = spawnSync("unshare", ["-n", "sh", "-c", script.join("\n")], { encoding: "utf8" });
  expect(status, stderr).toBe(0);
  const [first = "", ...saved] = stdout.split("\n");
  return { answer: first.replace("ANSWER ", ""), saved: saved.join("\n") };
}

describe("rules of iptables-legacy and of iptables-nft on one host", skipFor(reason), () => {
  test.each([
    [["legacy", "nft"], "nft"],
    [["nft", "legacy"], "legacy"],
  ] as const)("%s: those that were loaded last answer, and the evaluator says that either may", (order, last) => {
    const { answer, saved } = loadAndConnect(order);
    expect(answer).toBe(targets[last]);
    const [document] = parseDump(saved).hosts;
    if (document === undefined) throw new Error("nothing was saved");
    const host = readEvaluatedHost(hostTextsOf(document), { nodeAddresses: ["10.70.0.9"], podRanges: [] });
    const sources = parseAddressSet("10.70.0.9");
    if (sources === undefined) throw new Error("no address");
    const outcomes = evaluatePacket(host, {
      entry: "node",
      sources,
      destination: "10.90.4.4",
      protocol: "tcp",
      port: 80,
    });
    const found = outcomes.map(({ verdict }) => (verdict.kind === "delivered" ? verdict.target.address : verdict.kind));
    expect(new Set(found)).toEqual(new Set(Object.values(targets)));
    const first = outcomes[0]?.assumptions.map(({ what }) => what);
    expect(first).toEqual(["rules of iptables-legacy come before those of iptables-nft"]);
  });
});
