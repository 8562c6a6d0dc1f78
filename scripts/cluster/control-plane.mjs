import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { binaryPath } from "./binaries.mjs";

const patience = 120_000;
const host = "127.0.0.1";

const users = { admin: '"system:masters"', nobody: "", "system:kube-proxy": "" };

/**
 * Starts etcd and an API server with RBAC in a folder, and the named controllers, if any. `admin` may do everything,
 * `nobody` nothing, `system:kube-proxy` what kube-proxy may; a token is the name with -token. Gives a kubeconfig for
 * each, a way to send requests as admin, and what can befall an API server.
 */
export async function startControlPlane(folder, { controllers = [] } = {}) {
  const [etcdPort, peerPort, apiPort] = await freePorts(3);
  writeCredentials(folder);
  const running = new Map();
  const start = (name, flags) => running.set(name, startProgram(name, folder, flags));
  const startStore = () => start("etcd", etcdFlags(folder, etcdPort, peerPort));
  const startApi = () => start("kube-apiserver", apiFlags(folder, etcdPort, apiPort));
  // On SIGTERM an API server waits for open watches.
  const kill = (name) => endOf(running.get(name), "SIGKILL");
  const call = (method, path, body) => ask({ folder, port: apiPort, method, path, body });
  const ready = () => becomesReady(call, [...running.values()], folder);
  const stop = () => Promise.all([...running.keys()].reverse().map(kill));
  const restart = async () => {
    startApi();
    await ready();
  };
  const wipe = async () => {
    await kill("kube-apiserver");
    await kill("etcd");
    rmSync(join(folder, "etcd"), { recursive: true, force: true });
    startStore();
    await restart();
  };
  const config = (user) => kubeconfig(folder, apiPort, user);
  try {
    startStore();
    await restart();
    if (controllers.length > 0) {
      writeFileSync(join(folder, "admin.conf"), config("admin"));
      start("kube-controller-manager", controllerFlags(folder, controllers));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    server: `https://${host}:${apiPort}`,
    kubeconfig: config,
    call,
    kill: () => kill("kube-apiserver"),
    restart,
    freeze: () => running.get("kube-apiserver").kill("SIGSTOP"),
    thaw: () => running.get("kube-apiserver").kill("SIGCONT"),
    wipe,
    stop,
  };
}

function writeCredentials(folder) {
  const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
  writeFileSync(join(folder, "sa.key"), keys.privateKey.export({ type: "pkcs1", format: "pem" }));
  const lines = Object.entries(users).map(([name, group], index) => `${name}-token,${name},${index},${group}\n`);
  writeFileSync(join(folder, "tokens.csv"), lines.join(""));
}

function endOf(child, signal) {
  if (child.exitCode !== null || child.signalCode !== null) return undefined;
  return new Promise((done) => {
    child.once("exit", done);
    child.kill(signal);
  });
}

function startProgram(name, folder, flags) {
  const log = openSync(join(folder, `${name}.log`), "a");
  return spawn(binaryPath(name), flags, { stdio: ["ignore", log, log] });
}

function etcdFlags(folder, port, peerPort) {
  const [client, peer] = [`http://${host}:${port}`, `http://${host}:${peerPort}`];
  return [
    `--data-dir=${join(folder, "etcd")}`,
    "--unsafe-no-fsync",
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
  ];
}

function apiFlags(folder, etcdPort, port) {
  const key = join(folder, "sa.key");
  return [
    `--etcd-servers=http://${host}:${etcdPort}`,
    `--bind-address=${host}`,
    `--advertise-address=${host}`,
    `--secure-port=${port}`,
    `--cert-dir=${join(folder, "pki")}`,
    "--service-cluster-ip-range=10.96.0.0/16,fd00:10:96::/112",
    `--token-auth-file=${join(folder, "tokens.csv")}`,
    "--authorization-mode=RBAC",
    // A loopback address cannot be an endpoint of the Service named kubernetes.
    "--endpoint-reconciler-type=none",
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${key}`,
    `--service-account-signing-key-file=${key}`,
    "--disable-admission-plugins=ServiceAccount",
  ];
}

function controllerFlags(folder, controllers) {
  return [
    `--kubeconfig=${join(folder, "admin.conf")}`,
    "--leader-elect=false",
    `--controllers=${controllers.join(",")}`,
    "--secure-port=0",
    "--endpointslice-updates-batch-period=0s",
  ];
}

function kubeconfig(folder, port, user) {
  return JSON.stringify({
    "current-context": "real",
    contexts: [{ name: "real", context: { cluster: "real", user } }],
    clusters: [
      {
        name: "real",
        cluster: { server: `https://${host}:${port}`, "certificate-authority": join(folder, "pki", "apiserver.crt") },
      },
    ],
    users: [{ name: user, user: { token: `${user}-token` } }],
  });
}

async function becomesReady(call, processes, folder) {
  for (const end = Date.now() + patience; Date.now() < end; await sleep(200)) {
    if (processes.some(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null)) break;
    const answer = await call("GET", "/readyz").catch(() => undefined);
    if (answer?.status === 200) return;
  }
  const log = readFileSync(join(folder, "kube-apiserver.log"), "utf8");
  throw new Error(`the control plane does not get ready:\n${log.slice(-2000)}`);
}

/** Sends a request as admin; fails where the API server does not take an object. */
function ask({ folder, port, method, path, body }) {
  return new Promise((resolve, reject) => {
    const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
    const text = body === undefined ? "" : JSON.stringify(body);
    // With DELETE, Node would send a body without its length.
    const length = Buffer.byteLength(text);
    const headers = { authorization: "Bearer admin-token", "content-type": type, "content-length": length };
    const ca = readFileSync(join(folder, "pki", "apiserver.crt"));
    const sent = request({ host, port, path, method, headers, ca }, (response) => {
      let answer = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => {
        answer += chunk;
      });
      response.on("end", () => {
        if (body !== undefined && response.statusCode >= 300) reject(new Error(`${method} ${path}: ${answer}`));
        else resolve({ status: response.statusCode, text: answer });
      });
    });
    sent.on("error", reject);
    sent.end(text);
  });
}

async function freePorts(count) {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = createServer();
      return new Promise((done) => server.listen(0, host, () => done(server)));
    }),
  );
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}
