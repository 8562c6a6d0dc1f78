import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fakeApi, kubeconfig } from "../host/live/fake-api.ts";
import { proxyConfigMap, stored } from "../host/live/objects.ts";
import { cluster } from "./clusters.ts";
import { runCli, workspace } from "./run-cli.ts";

test("compile --live writes what compile of the same objects in a file writes", async () => {
  const { url } = await fakeApi(stored(cluster));
  const cwd = workspace({ config: kubeconfig({ server: url }), "cluster.yaml": cluster });
  const live = await runCli(["compile", "--live", "--kubeconfig", "config"], { cwd });
  const file = await runCli(["compile", "-f", "cluster.yaml"], { cwd });
  expect(live).toEqual({ ...file, stderr: live.stderr });
  expect(live.code).toBe(0);
  expect(live.stdout).toContain("shop/web");
});
