import { existsSync, readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { skipFor } from "../harness/skip.ts";
import { firstState } from "./apply-states.ts";
import { rulesIn } from "./loaded-rules.ts";
import { whyNoKernel } from "./needs.ts";
import { clientsLeft, dnsState, insertFlows } from "./udp-flows.ts";
import { openWatchedNode, type WatchedNode } from "./watched-node.ts";

const reason = whyNoKernel(["unshare", "nsenter", "ip", "sysctl", "xtables-legacy-multi", "xtables-nft-multi"]);

const conntrackReason = whyNoKernel(["conntrack"]);

const often = ["--apply", "--min-sync-period", "100ms", "--sync-period", "10m"];

describe("watch --apply on a kernel", skipFor(reason), () => {
  let watched: WatchedNode;

  beforeEach(async () => {
    watched = await openWatchedNode("nft", dnsState("10.244.1.5"));
  });
  afterEach(() => watched?.node.close());

  /** A watch one of whose changing processes takes its time: the `at`-th. */
  const slowAt = (at: number) =>
    watched.watch(often, { env: { FAULT: "slow", FAULT_AT: String(at), FAULT_SECONDS: "1" } });
  const count = () => watched.file("count");

  test("SIGTERM during the first sync: the step ends, and the host is led back to what it was", async () => {
    watched.become(firstState);
    const saved = () => rulesIn(watched.node.run(["iptables-save"]).stdout);
    const before = saved();
    const { until, child, ended, log } = slowAt(2);
    await until(() => existsSync(count()) && readFileSync(count(), "utf8").trim() === "2", "the second step");
    child.kill("SIGTERM");
    expect(await ended()).toBe(143);
    expect(log()).toMatch(/"sync failed".*interrupted by SIGTERM/);
    expect(log()).toMatch(/"stopped"/);
    expect(saved()).toEqual(before);
  });

  test("SIGTERM during a change: all its steps are done", async () => {
    // One object: what comes later would be another sync's.
    const changed = firstState.replaceAll("10.244.1.5", "10.244.1.6");
    watched.become(firstState);
    const first = watched.watch(often);
    await first.until(() => /"synced"/.test(first.log()), "a sync");
    first.child.kill("SIGTERM");
    await first.ended();
    expect(watched.isInStep(firstState)).toBe(true);
    const { until, child, ended, log } = slowAt(1);
    await until(() => /"synced"/.test(log()), "a sync");
    expect(existsSync(count()), "nothing to do").toBe(false);
    watched.become(changed);
    await until(() => existsSync(count()), "the first step");
    child.kill("SIGTERM");
    expect(await ended()).toBe(143);
    expect(log()).toMatch(/"msg":"synced","full":false/);
    expect(watched.isInStep(changed)).toBe(true);
  });

  test("UDP connections to an endpoint that goes are forgotten, no others", skipFor(conntrackReason), async () => {
    const { until, child, ended, log } = watched.watch(often);
    await until(() => /"synced"/.test(log()), "a sync");
    insertFlows(watched.node.run);
    expect(clientsLeft(watched.node.run)).toHaveLength(3);
    watched.become(dnsState("10.244.1.6"));
    await until(() => /"msg":"synced","full":false/.test(log()), "a change");
    expect(clientsLeft(watched.node.run)).toEqual(["10.244.1.10", "10.244.1.11"]);
    expect(watched.isInStep(dnsState("10.244.1.6"))).toBe(true);
    child.kill("SIGTERM");
    expect(await ended()).toBe(143);
  });
});
