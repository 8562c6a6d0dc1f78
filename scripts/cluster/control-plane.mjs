import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { openSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { binaryPath } from "./binaries.mjs";

const patience = 120_000;
const host = "127.0.0.1";

/**
 * Starts etcd and an API server with RBAC in a folder. `admin` may do everything, `nobody` nothing; their tokens are
 * their names with -token. Gives a kubeconfig for either, a way to send it objects, and one to end it.
 */
export async function startControlPlane(folder) {
  const ports = await freePorts(3);
  const [etcdPort, peerPort, apiPort] = ports;
  const etcd = start("etcd", folder, etcdFlags(folder, etcdPort, peerPort));
  const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
  writeFileSync(join(folder, "sa.key"), keys.privateKey.export({ type: "pkcs1", format: "pem" }));
  writeFileSync(join(folder, "tokens.csv"), 'admin-token,admin,1,"system:masters"\nnobody-token,nobody,2\n');
  const api = start("kube-apiserver", folder, apiFlags(folder, etcdPort, apiPort));
  const stop = () => {
    // On SIGTERM it waits for open watches.
    api.kill("SIGKILL");
    etcd.kill("SIGKILL");
  };
  const call = (method, path, body) => ask({ folder, port: apiPort, method, path, body });
  try {
    await becomesReady(call, [etcd, api], folder);
  } catch (error) {
    stop();
    throw error;
  }
  return { server: `https://${host}:${apiPort}`, kubeconfig: (user) => kubeconfig(folder, apiPort, user), call, stop };
}

function start(name, folder, flags) {
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
    if (processes.some(({ exitCode }) => exitCode !== null)) break;
    const answer = await call("GET", "/readyz").catch(() => undefined);
    if (answer?.status === 200) return;
  }
  const log = readFileSync(join(folder, "kube-apiserver.log"), "utf8");
  throw new Error(`the control plane does not get ready:\n${log.slice(-2000)}`);
}

/** Sends a request as admin; fails where the API server does not take an object. */
function ask({ folder, port, method, path, body }) {
  return new Promise((resolve, reject) => {
    const headers = { authorization: "Bearer admin-token", "content-type": "application/json" };
    const ca = readFileSync(join(folder, "pki", "apiserver.crt"));
    const sent = request({ host, port, path, method, headers, ca }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => {
        if (body !== undefined && response.statusCode >= 300) reject(new Error(`${method} ${path}: ${text}`));
        else resolve({ status: response.statusCode, text });
      });
    });
    sent.on("error", reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
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
