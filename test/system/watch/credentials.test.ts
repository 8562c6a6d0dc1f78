import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sendStatus } from "../../harness/fake-api.ts";
import { workspace } from "../../harness/run-cli.ts";
import { runWatch } from "../../harness/run-watch.ts";
import { proxyConfigMap } from "../../harness/stored-objects.ts";
import { watchApi } from "../../harness/watch-api.ts";
import { followsTo, objects } from "./in-step.ts";

test("a token that is renewed in its file", async () => {
  const file = join(workspace({ token: "old" }), "token");
  const api = await watchApi(objects);
  let wanted = "Bearer old";
  api.intercept((_, response, request) => {
    if (request.headers.authorization === wanted) return false;
    sendStatus(response, 401, "Unauthorized");
    return true;
  });
  const watch = runWatch(api, { user: { tokenFile: file } });
  await watch.until(() => watch.count("synced") === 1 && api.watches() === 4, "the first sync");
  wanted = "Bearer new";
  api.cut();
  await watch.until(() => watch.count("cannot watch") >= 6, "refusals");
  writeFileSync(file, "new");
  await followsTo({ api, watch }, "10.0.1.90");
});

test("a credential plugin is asked again when what it gave has expired, not before", async () => {
  const file = (name: string) => join(folder, name);
  const folder = workspace({
    count: "",
    plugin: `#!/bin/sh
cd "\${0%/*}"; echo asked >> count; cat credential
`,
  });
  chmodSync(file("plugin"), 0o755);
  const asked = () => readFileSync(file("count"), "utf8").split("\n").length - 1;
  const give = (token: string, milliseconds: number): void => {
    const status = { token, expirationTimestamp: new Date(Date.now() + milliseconds).toISOString() };
    writeFileSync(file("credential"), JSON.stringify({ kind: "ExecCredential", status }));
  };
  const api = await watchApi(objects);
  let wanted = "Bearer first";
  api.intercept((_, response, request) => {
    if (request.headers.authorization === wanted) return false;
    sendStatus(response, 401, "Unauthorized");
    return true;
  });
  give("first", 3000);
  const expiry = Date.now() + 3000;
  const exec = { apiVersion: "client.authentication.k8s.io/v1", command: file("plugin") };
  const watch = runWatch(api, { user: { exec } });
  await watch.until(() => watch.count("synced") === 1 && api.watches() === 4, "the first sync");
  api.cut();
  await watch.until(() => watch.count("cannot watch") === 4 && api.watches() === 4, "watches");
  expect(asked(), "one for all kinds").toBe(1);
  give("second", 3_600_000);
  await watch.until(() => Date.now() > expiry, "expiry");
  // Whoever would send the first now is refused, and asks again for that reason.
  wanted = "Bearer second";
  api.cut();
  await followsTo({ api, watch }, "10.0.1.90");
  expect(asked()).toBe(2);
  expect(watch.entries.filter(({ error }) => /401 Unauthorized/.test(String(error)))).toEqual([]);
});

test("without the rights to list it says so and gives up, before it has begun", async () => {
  const api = await watchApi(objects);
  api.intercept((url, response) => {
    if (!url.pathname.endsWith("/nodes")) return false;
    sendStatus(response, 403, "nodes is forbidden");
    return true;
  });
  const watch = runWatch(api);
  await watch.done;
  expect(watch.entries.at(-1)?.error).toMatch(/missing permission to list nodes/);
});

test("with the right to list alone it says which one is missing, and works as soon as it has it", async () => {
  const api = await watchApi(objects);
  api.intercept((url, response) => {
    if (url.searchParams.get("watch") !== "true" || !url.pathname.endsWith("/configmaps")) return false;
    sendStatus(response, 403, "configmaps is forbidden");
    return true;
  });
  const watch = runWatch(api);
  const missing =
    "forbidden: missing permission to watch configmaps in namespace kube-system; or pass the configuration with --proxy-config FILE";
  await watch.until(() => watch.entries.some(({ error }) => String(error).includes(missing)), "the missing right");
  api.intercept(undefined);
  await watch.until(() => watch.count("synced") === 1 && api.watches() === 4, "watches");
  await followsTo({ api, watch }, "10.0.1.90");
});

test("the right to the one ConfigMap is enough, after failures too", async () => {
  const api = await watchApi(objects);
  api.intercept((url, response) => {
    const isAll = url.pathname.endsWith("/configmaps") && url.searchParams.get("fieldSelector") === null;
    if (isAll) sendStatus(response, 403, "configmaps is forbidden");
    return isAll;
  });
  const watch = runWatch(api);
  await watch.until(() => watch.count("synced") === 1 && api.watches() === 4, "the first sync");
  api.cut();
  const head = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n";
  api.put(proxyConfigMap(`${head}iptables: {masqueradeAll: true}\n`));
  await watch.until(() => /-d 10.96.0.10\/32 .*--dport 80 -j KUBE-MARK-MASQ/.test(watch.rules()), "the configuration");
});

test.each([
  ["a kubeconfig that is none", () => ({ kubeconfig: "a: [" }), {}, /is not a kubeconfig/],
  ["a plugin that is not there", () => watchApi(objects), { exec: { command: "no-such-plugin" } }, /not installed/],
])("with %s it says so and gives up, before it has begun", async (_, endpoint, user, message) => {
  const watch = runWatch(await endpoint(), { user });
  await watch.done;
  expect(watch.entries.at(-1)).toMatchObject({ msg: "hopeless", error: expect.stringMatching(message) });
});

test("a credential plugin that hangs keeps nobody from stopping", async () => {
  const folder = workspace({ plugin: "#!/bin/sh\nsleep 20\n" });
  chmodSync(join(folder, "plugin"), 0o755);
  const exec = { apiVersion: "client.authentication.k8s.io/v1", command: join(folder, "plugin") };
  const watch = runWatch(await watchApi(objects), { user: { exec } });
  await new Promise((resolve) => setTimeout(resolve, 200));
  const began = performance.now();
  await watch.stop();
  expect(performance.now() - began).toBeLessThan(2000);
  expect(watch.entries).toEqual([]);
}, 10_000);
