import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { binaries, binaryPath, clusterFolder, etcdVersion, kubernetesVersion } from "./binaries.mjs";

// Builds etcd, the API server, the controller manager and kube-proxy from their Go modules, unless they are there.

const module = join(clusterFolder, "module");
const environment = { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-trimpath" };
const packageOf = (name) => (name === "etcd" ? "go.etcd.io/etcd/server/v3" : `k8s.io/kubernetes/cmd/${name}`);

function go(...args) {
  return execFileSync("go", args, {
    cwd: module,
    env: environment,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
}

/**
 * Kubernetes' own go.mod replaces its parts by folders of its repository; here they are the modules published from
 * there, under the same number with a 0 in front.
 */
function writeModule() {
  mkdirSync(module, { recursive: true });
  writeFileSync(join(module, "go.mod"), "module portolan.test/cluster\n");
  const { GoMod } = JSON.parse(go("mod", "download", "-json", `k8s.io/kubernetes@v${kubernetesVersion}`));
  const theirs = readFileSync(GoMod, "utf8");
  const [version = "go 1.26"] = /^go .*$/m.exec(theirs) ?? [];
  const staged = [...theirs.matchAll(/^\s*(k8s\.io\/[\w-]+) => \.\/staging\//gm)].map(([, name]) => name);
  const published = `v0${kubernetesVersion.replace(/^\d+/, "")}`;
  const lines = [
    "module portolan.test/cluster",
    version,
    `require k8s.io/kubernetes v${kubernetesVersion}`,
    `require go.etcd.io/etcd/server/v3 v${etcdVersion}`,
    ...staged.map((name) => `replace ${name} => ${name} ${published}`),
  ];
  writeFileSync(join(module, "go.mod"), `${lines.join("\n")}\n`);
  const imports = binaries.map((name) => `import _ "${packageOf(name)}"\n`);
  writeFileSync(join(module, "tools.go"), `//go:build tools\n\npackage tools\n\n${imports.join("")}`);
  go("mod", "tidy");
}

/** Without these it says that it is v0.0.0, and refuses some of what its version can do. */
function versionFlags() {
  const [major, minor] = kubernetesVersion.split(".");
  const values = { gitVersion: `v${kubernetesVersion}`, gitMajor: major, gitMinor: minor, gitTreeState: "clean" };
  const flags = Object.entries(values).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`);
  return ["-s", "-w", ...flags].join(" ");
}

for (const name of binaries) {
  if (existsSync(binaryPath(name))) continue;
  if (!existsSync(join(module, "go.sum"))) writeModule();
  process.stderr.write(`building ${name} in ${clusterFolder}\n`);
  go("build", "-ldflags", versionFlags(), "-o", binaryPath(name), packageOf(name));
}
