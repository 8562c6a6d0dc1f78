import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { chooseTarget, type TargetChoice } from "../../../../src/host/kube/choose-target.ts";
import { type KubeconfigSources, readKubeconfig } from "../../../../src/host/kube/kubeconfig.ts";

const two = `
apiVersion: v1
kind: Config
current-context: prod
contexts:
- {name: prod, context: {cluster: c-prod, user: admin}}
- {name: staging, context: {cluster: c-staging, user: admin}}
clusters:
- {name: c-prod, cluster: {server: "https://prod.example:6443/", certificate-authority: pki/ca.crt}}
- {name: c-staging, cluster: {server: "https://staging.example"}}
- {name: c-broken, cluster: {}}
users:
- {name: admin, user: {token: t1}}
- {name: plugin, user: {exec: {command: ./bin/login, apiVersion: v1}}}
`;

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "portolan-kubeconfig-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const nothing: TargetChoice = { context: undefined, cluster: undefined, user: undefined, as: undefined };

function choose(sources: Partial<KubeconfigSources>, choice: Partial<TargetChoice> = {}) {
  const all = { file: undefined, environment: { HOME: "/no/home" }, serviceAccount: "/no/account", ...sources };
  const kubeconfig = readKubeconfig(all);
  return kubeconfig.kind === "failed" ? kubeconfig : chooseTarget(kubeconfig, { ...nothing, ...choice });
}

test("--kubeconfig stands over KUBECONFIG, and that over ~/.kube/config", () => {
  const named = (context: string): string => two.replace("current-context: prod", `current-context: ${context}`);
  const folder = folderWith({ flag: two, variable: named("staging"), ".kube/config": two });
  const [flag, variable] = [join(folder, "flag"), join(folder, "variable")];
  expect(choose({ file: flag, environment: { KUBECONFIG: variable } })).toMatchObject({ context: "prod" });
  expect(choose({ environment: { KUBECONFIG: variable, HOME: folder } })).toMatchObject({ context: "staging" });
  expect(choose({ environment: { HOME: folder } })).toMatchObject({
    context: "prod",
    server: "https://prod.example:6443",
    cluster: { "certificate-authority": join(folder, ".kube/pki/ca.crt") },
  });
});

test("of several files the first that says something counts, and those that are not there do not matter", () => {
  const other = two.replaceAll("prod", "lab").replaceAll("t1", "t2");
  const folder = folderWith({ a: two, b: other });
  const list = ["gone", "a", "b"].map((name) => join(folder, name)).join(":");
  expect(choose({ environment: { KUBECONFIG: list } })).toMatchObject({ context: "prod", user: { token: "t1" } });
  const lab = choose({ environment: { KUBECONFIG: list } }, { context: "lab" });
  expect(lab).toMatchObject({ server: "https://lab.example:6443", user: { token: "t1" } });
});

test("each flag stands over what the context says", () => {
  const file = join(folderWith({ config: two }), "config");
  const choice = { context: "staging", cluster: "c-prod", user: "plugin", as: "jane" };
  expect(choose({ file }, choice)).toMatchObject({
    context: "staging",
    server: "https://prod.example:6443",
    user: { as: "jane", exec: { command: join(file, "../bin/login") } },
  });
});

test.each<[string, Partial<TargetChoice>, string]>([
  ["a context with a typing error", { context: "prd" }, "there is no context prd in CONFIG; did you mean prod?"],
  ["an unknown context", { context: "moon" }, "there is no context moon in CONFIG; there is prod, staging"],
  ["an unknown cluster", { cluster: "c-prd" }, "there is no cluster c-prd in CONFIG; did you mean c-prod?"],
  ["an unknown user", { user: "x" }, "there is no user x in CONFIG; there is admin, plugin"],
  ["a cluster without a server", { cluster: "c-broken" }, "the cluster c-broken of CONFIG has no server URL"],
])("%s", (_, choice, message) => {
  const file = join(folderWith({ config: two }), "config");
  const result = choose({ file }, choice);
  expect(result.kind === "failed" && result.message.replaceAll(file, "CONFIG")).toBe(message);
});

test.each<[string, string, string]>([
  [
    "broken YAML, whose text is not told",
    "users:\n  token: {secret",
    "CONFIG is not a kubeconfig: invalid YAML at line 2",
  ],
  [
    "an alias of nothing",
    "users: *x",
    "CONFIG is not a kubeconfig: an alias without an anchor, a cycle of aliases, or too many at line 1",
  ],
  ["a list", "- a", "CONFIG is not a kubeconfig: it is not a mapping"],
  ["nothing", "", "CONFIG has no current context; pass --context; it has none"],
  [
    "no current context",
    two.replace("current-context: prod", ""),
    "CONFIG has no current context; pass --context; there is prod, staging",
  ],
])("%s", (_, text, message) => {
  const file = join(folderWith({ config: text }), "config");
  const result = choose({ file });
  expect(result.kind === "failed" && result.message.replaceAll(file, "CONFIG")).toBe(message);
});

test("no kubeconfig at all", () => {
  const message = (sources: Partial<KubeconfigSources>) => choose(sources);
  expect(message({})).toMatchObject({
    message: "no kubeconfig: /no/home/.kube/config does not exist, and this is not a pod; pass --kubeconfig FILE",
  });
  expect(message({ file: "/no/file" })).toMatchObject({
    message: "cannot read the kubeconfig /no/file: no such file or directory",
  });
  expect(message({ environment: { KUBECONFIG: "/a:/b" } })).toMatchObject({
    message: "no kubeconfig: KUBECONFIG names /a, /b: not found, and this is not a pod; pass --kubeconfig FILE",
  });
});

test("in a pod, its service account", () => {
  const environment = { KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "443", HOME: "/no/home" };
  expect(choose({ environment, serviceAccount: "/account" })).toMatchObject({
    context: "in-cluster",
    server: "https://[fd00::1]:443",
    cluster: { "certificate-authority": "/account/ca.crt" },
    user: { tokenFile: "/account/token" },
  });
});
