import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DaemonSet } from "kubernetes-models/apps/v1";
import { Job } from "kubernetes-models/batch/v1";
import { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from "kubernetes-models/rbac.authorization.k8s.io/v1";
import { ServiceAccount } from "kubernetes-models/v1";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { readLive } from "../../src/host/kube/read-live.ts";
import { cluster } from "../harness/cluster-text.ts";
import { fakeApi, kubeconfig } from "../harness/fake-api.ts";
import { file } from "../harness/read-live.ts";
import { runWatch } from "../harness/run-watch.ts";
import { proxyConfigMap, stored } from "../harness/stored-objects.ts";
import { watchApi } from "../harness/watch-api.ts";

const folder = new URL("../../scripts/deploy/", import.meta.url).pathname;

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
}

const read = (file: string): readonly Manifest[] =>
  parseAllDocuments(readFileSync(join(folder, file), "utf8")).map((document) => document.toJS());
const one = <Kind>(file: string): Kind => read(file)[0] as Kind;

const manifests = ["rbac.yaml", "job.yaml", "verify-daemonset.yaml"].flatMap(read);
const job = one<Job>("job.yaml").spec?.template.spec;
const daemonSet = one<DaemonSet>("verify-daemonset.yaml").spec?.template.spec;

const kinds = { ClusterRole, ClusterRoleBinding, DaemonSet, Job, Role, RoleBinding, ServiceAccount };

describe("the manifests", () => {
  test.each(manifests.map((manifest) => [manifest.kind, manifest] as const))(
    "%s is valid by its schema",
    (kind, manifest) => {
      const Kind = kinds[kind as keyof typeof kinds];
      expect(manifest.apiVersion).toBe(Kind.apiVersion);
      new Kind(manifest as never).validate();
    },
  );

  test("have no field that the API does not know", () => expect(unknownFields(manifests)).toEqual([]), 30_000);

  test("give no right but to read, and a token to who reads the API server alone", () => {
    const rules = manifests.flatMap((manifest) => (manifest as Partial<ClusterRole>).rules ?? []);
    expect([...new Set(rules.flatMap(({ verbs }) => verbs))].sort()).toEqual(["get", "list", "watch"]);
    expect([job, daemonSet].map((pod) => pod?.automountServiceAccountToken)).toEqual([false, true]);
  });

  test("the DaemonSet only looks: nothing of the node is mounted, nothing but verify is run", () => {
    expect(daemonSet?.volumes?.filter(({ hostPath }) => hostPath !== undefined)).toEqual([]);
    const [container] = daemonSet?.containers ?? [];
    expect(container?.args?.join("")).toMatch(/entrypoint.sh verify /);
    expect(container?.args?.join("")).not.toMatch(/apply|cleanup/);
    expect(container?.securityContext).toMatchObject({ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false });
    expect(container?.securityContext?.privileged).toBeUndefined();
  });
});

describe("rbac.yaml", () => {
  const deployed = read("rbac.yaml").flatMap((manifest) => (manifest as Partial<ClusterRole>).rules ?? []);
  const granted = deployed.flatMap(({ apiGroups = [], resources = [], resourceNames = [""], verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        resourceNames.flatMap((name) => verbs.map((verb) => `${verb} ${group}/${resource} ${name}`.trim())),
      ),
    ),
  );

  /** What a request needs, as a role grants it. */
  const neededFor = (asked: string): string => {
    const { pathname, searchParams } = new URL(asked, "http://api");
    const pattern = /^\/apis?\/(?:([^/]+\.[^/]+)\/)?v1\/(?:namespaces\/[^/]+\/)?([^/]+)(?:\/([^/]+))?$/;
    const [, group = "", resource = "", object] = pattern.exec(pathname) ?? [];
    const name = object ?? /^metadata\.name=(.*)$/.exec(searchParams.get("fieldSelector") ?? "")?.[1] ?? "";
    const verb = object !== undefined ? "get" : searchParams.get("watch") === "true" ? "watch" : "list";
    return `${verb} ${group}/${resource} ${name}`.trim();
  };

  test("grants what verify --live and watch read, and nothing else", async () => {
    const objects = [...stored(cluster), proxyConfigMap("kind: KubeProxyConfiguration\n")];
    const lists = await fakeApi(objects);
    const config = file(kubeconfig({ server: lists.url }));
    const choice = { context: undefined, cluster: undefined, user: undefined, as: undefined };
    const request = { kubeconfig: config, patience: 5000, need: "rules", withConfiguration: true, ...choice } as const;
    expect(await readLive(request, () => {})).toMatchObject({ kind: "live" });
    const api = await watchApi(objects, { hasServiceCidrs: true });
    const watch = runWatch(api);
    await watch.until(() => watch.count("synced") === 1 && api.watches() === 5, "the first sync");
    // After a failure the version of the server is asked for.
    api.cut();
    await watch.until(() => watch.count("cannot watch") >= 5 && api.watches() === 5, "watches");
    const needed = new Set([...lists.asked, ...api.asked].map(neededFor));
    expect([...needed].sort()).toEqual([...new Set(granted)].sort());
  });
});

test("the DaemonSet's Pod is ready as long as verify finds nothing, and ends when it is told", async () => {
  const workspace = mkdtempSync(join(tmpdir(), "portolan-deploy-"));
  const fact = (name: string) => join(workspace, name);
  const [script = ""] = daemonSet?.containers[0]?.args ?? [];
  writeFileSync(fact("entrypoint.sh"), `#!/bin/sh\necho "$@" >${fact("asked")}\ntest -e ${fact("fine")}\n`, {
    mode: 0o755,
  });
  writeFileSync(fact("fine"), "");
  const env = { PATH: `${workspace}:${process.env.PATH}`, NODE_NAME: "node1", SECONDS_BETWEEN: "0.05" };
  const pod = spawn("sh", ["-c", script.replaceAll("/run/portolan", workspace)], { env, stdio: "inherit" });
  const ended = new Promise((done) => pod.on("exit", done));
  await expect.poll(() => existsSync(fact("as-wanted"))).toBe(true);
  expect(readFileSync(fact("asked"), "utf8")).toBe("verify --live --node=node1\n");
  rmSync(fact("fine"));
  await expect.poll(() => existsSync(fact("as-wanted"))).toBe(false);
  pod.kill("SIGTERM");
  expect(await ended).toBe(0);
  rmSync(workspace, { recursive: true });
});

/** The schemas let every field pass; TypeScript's check of a literal against its type does not. */
function unknownFields(all: readonly Manifest[]): readonly string[] {
  const name = new URL("manifests.ts", import.meta.url).pathname;
  const text = all
    .map(({ apiVersion, kind, ...rest }, index) => {
      const module = apiVersion === "v1" ? "v1" : apiVersion;
      const literal = JSON.stringify({ apiVersion, kind, ...rest });
      return `import type { I${kind} as Kind${index} } from "kubernetes-models/${module}";\nexport const manifest${index}: Kind${index} = ${literal};\n`;
    })
    .join("");
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    module: ts.ModuleKind.NodeNext,
  };
  const host = ts.createCompilerHost(options);
  const readSource = host.getSourceFile;
  host.getSourceFile = (file, ...others) =>
    file === name ? ts.createSourceFile(file, text, ts.ScriptTarget.ES2022) : readSource(file, ...others);
  const program = ts.createProgram([name], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}
