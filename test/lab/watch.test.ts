import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { skipFor } from "../harness/skip.ts";
import { firstState, secondState } from "./apply-states.ts";
import { rulesIn } from "./loaded-rules.ts";
import { whyNoKernel } from "./needs.ts";
import { openWatchedNode, type WatchCommand, type WatchedNode } from "./watched-node.ts";

const reason = whyNoKernel(["unshare", "nsenter", "ip", "sysctl", "xtables-legacy-multi", "xtables-nft-multi"]);

describe.each(["legacy", "nft"] as const)("watch --apply on a kernel, iptables-%s", skipFor(reason), (backend) => {
  let watched: WatchedNode;
  const saved = () => watched.node.run(["iptables-save"]).stdout;
  const rules = () => rulesIn(saved());
  const watch = (): WatchCommand => watched.watch(["--apply", "--min-sync-period", "100ms", "--sync-period", "1s"]);

  beforeAll(async () => {
    watched = await openWatchedNode(backend, firstState);
  });
  afterAll(() => watched?.node.close());

  test("makes the rules, follows changes, repairs drift, and ends with 143 after SIGTERM", async () => {
    const { until, child, ended, log } = watch();
    await until(() => /"synced"/.test(log()), "a sync");
    expect(watched.isInStep(firstState)).toBe(true);
    watched.become(secondState);
    await until(() => /10\.244\.1\.7/.test(saved()), "rules of the second state");
    await until(() => watched.isInStep(secondState), "the second state");
    watched.node.run(["iptables", "-t", "nat", "-F", "KUBE-SERVICES"]);
    await until(() => watched.isInStep(secondState), "a repair");
    child.kill("SIGHUP");
    child.kill("SIGTERM");
    expect(await ended()).toBe(143);
    expect(log()).toMatch(/"msg":"stopped"/);
  });

  test("killed and started again it takes up where it was, and removes nothing on the way", async () => {
    const before = rules();
    const first = watch();
    await first.until(() => /"synced"/.test(first.log()), "a sync");
    first.child.kill("SIGKILL");
    await first.ended();
    expect(rules()).toEqual(before);
    watched.become(firstState);
    const next = watch();
    await next.until(() => /"synced"/.test(next.log()), "a sync of the next");
    expect(watched.isInStep(firstState)).toBe(true);
    next.child.kill("SIGINT");
    expect(await next.ended()).toBe(130);
  });

  test("--verify says what is not as it should be and leaves it so", async () => {
    watched.become(secondState);
    const before = rules();
    const { until, child, ended, log } = watched.watch(["--verify"]);
    await until(() => /"msg":"drift"/.test(log()), "drift");
    child.kill("SIGTERM");
    expect(await ended()).toBe(143);
    expect(rules()).toEqual(before);
  });
});
