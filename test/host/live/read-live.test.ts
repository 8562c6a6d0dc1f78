import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type LiveRequest, readLive } from "../../../src/host/live/read-live.ts";
import { createAuthority } from "./certificates.ts";
import { type ConfigParts, type FakeApiOptions, fakeApi, kubeconfig, send, sendStatus } from "./fake-api.ts";
import { manyServices, proxyConfigMap, testNode } from "./objects.ts";

const folder = mkdtempSync(join(tmpdir(), "portolan-live-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;

function file(content: string, mode = 0o600): string {
  const path = join(folder, `file-${++files}`);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

const nobody = { context: undefined, cluster: undefined, user: undefined, as: undefined };

async function read(config: ConfigParts | string, request: Partial<LiveRequest> = {}) {
  const path = file(typeof config === "string" ? config : kubeconfig(config));
  const whole = { kubeconfig: path, patience: 5000, need: "rules", withConfiguration: true, ...nobody } as const;
  const result = await readLive({ ...whole, ...request }, () => {});
  return result.kind === "live" ? result : result.message.replaceAll(path, "CONFIG");
}

/** Reads from a server that does this. */
async function readFrom(options: FakeApiOptions, config: Omit<ConfigParts, "server"> = {}, request = {}) {
  const { url } = await fakeApi([testNode, ...manyServices(3)], options);
  const result = await read({ server: url, ...config }, request);
  return typeof result === "string" ? result.replaceAll(url, "URL") : result;
}

describe("what is read", () => {
  test("all pages, each once, and the kind that items of a list do not say", async () => {
    const api = await fakeApi([testNode, ...manyServices(1203)]);
    const result = await read({ server: api.url });
    expect(typeof result === "string" ? result : result.documents.length).toBe(1204);
    expect(api.asked.filter((path) => path.startsWith("/api/v1/services"))).toEqual([
      "/api/v1/services?limit=500",
      "/api/v1/services?limit=500&continue=500",
      "/api/v1/services?limit=500&continue=1000",
    ]);
    expect(result).toMatchObject({ context: "test", hasConfiguration: false });
    if (typeof result === "string") return;
    expect(result.documents[0]).toMatchObject({
      value: { kind: "Service", apiVersion: "v1", metadata: { name: "svc-0" } },
      source: { name: "live:Service shop/svc-0 (context test)" },
    });
    expect(result.documents.at(-1)?.source.name).toBe("live:Node node1 (context test)");
  });

  test("a list whose continuation is gone is read anew, without what was read of it before", async () => {
    let refusals = 2;
    const api = await fakeApi([testNode, ...manyServices(700)], {
      intercept: (request, response) => {
        if (!request.url?.includes("continue") || refusals === 0) return false;
        refusals -= 1;
        sendStatus(response, 410, "The provided continue parameter is too old");
        return true;
      },
    });
    const result = await read({ server: api.url });
    expect(typeof result === "string" ? result : result.documents.length).toBe(701);
  });

  test("pods only where they are needed, no configuration where another one is given, and no Endpoints", async () => {
    const api = await fakeApi([testNode]);
    await read({ server: api.url }, { need: "pods", withConfiguration: false });
    expect(api.asked.map((path) => path.split("?")[0]).sort()).toEqual([
      "/api/v1/nodes",
      "/api/v1/pods",
      "/api/v1/services",
      "/apis/discovery.k8s.io/v1/endpointslices",
    ]);
  });

  test("the ConfigMap of kube-proxy", async () => {
    const api = await fakeApi([testNode, proxyConfigMap("mode: ipvs")]);
    const result = await read({ server: api.url });
    expect(result).toMatchObject({ hasConfiguration: true });
  });

  test("a server that is too busy is asked again", async () => {
    const api = await fakeApi([testNode], {
      intercept: (_, response, count) => {
        if (count > 2) return false;
        response.setHeader("retry-after", "0");
        sendStatus(response, 429, "too many requests");
        return true;
      },
    });
    expect(await read({ server: api.url })).toMatchObject({ kind: "live" });
  });
});

describe("as whom", () => {
  test("a token, a token file, a password, another user's name", async () => {
    const api = await fakeApi([testNode]);
    const tokenFile = file("from-a-file\n");
    await read({ server: api.url, user: { token: "abc" } }, { as: "jane" });
    await read({ server: api.url, user: { tokenFile, token: "older" } });
    await read({ server: api.url, user: { username: "u", password: "p" } });
    const said = api.headers.map(({ authorization, "impersonate-user": as }) => [authorization, as].join(" "));
    expect([...new Set(said)]).toEqual([
      "Bearer abc jane",
      "Bearer from-a-file ",
      `Basic ${Buffer.from("u:p").toString("base64")} `,
    ]);
  });

  test("an exec plugin beside the kubeconfig, which is told what is wanted", async () => {
    const api = await fakeApi([testNode], { token: "from-a-plugin" });
    const plugin = file(
      `#!/bin/sh
case "$KUBERNETES_EXEC_INFO" in *client.authentication.k8s.io/v1*) ;; *) exit 1 ;; esac
echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"from-a-plugin"}}'
`,
      0o700,
    );
    const command = `./${plugin.slice(folder.length + 1)}`;
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command };
    expect(await read({ server: api.url, user: { exec } })).toMatchObject({ kind: "live" });
  });
});

describe("what can go wrong has a message of its own", () => {
  const prefix = "cannot read test (URL): ";

  test("refused", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((done) => server.once("listening", done));
    const { port } = server.address() as { port: number };
    await new Promise((done) => server.close(done));
    expect(await read({ server: `https://127.0.0.1:${port}` })).toBe(
      `cannot read test (https://127.0.0.1:${port}): connection refused: nothing listens there`,
    );
  });

  test("no such host", async () => {
    const message = await read({ server: "https://no-such-host.invalid:6443" });
    expect(message).toMatch(/no such host|cannot be looked up/);
  });

  test("unauthorized, without the token", async () => {
    const message = await readFrom({ token: "right" }, { user: { token: "wrong-and-secret" } });
    expect(message).toBe(
      `${prefix}it does not accept the credentials of user u1 (401 Unauthorized): ` +
        "the token or certificate is missing, wrong or has expired; log in again",
    );
  });

  test("forbidden: the verb and the resource", async () => {
    const said = 'endpointslices is forbidden: User "u1" cannot list resource';
    const message = await readFrom({
      intercept: (request, response) => {
        if (!request.url?.includes("endpointslices")) return false;
        sendStatus(response, 403, said);
        return true;
      },
    });
    expect(message).toBe(
      `${prefix}forbidden: it takes the right to list endpointslices.discovery.k8s.io in all namespaces\n` +
        `  it says: ${said}`,
    );
  });

  test("forbidden: the configuration, which can be given otherwise", async () => {
    const message = await readFrom({
      intercept: (request, response) => {
        if (!request.url?.includes("configmaps")) return false;
        sendStatus(response, 403, "no");
        return true;
      },
    });
    expect(message).toBe(
      `${prefix}forbidden: it takes the right to get configmaps in namespace kube-system; ` +
        "--proxy-config FILE gives the configuration instead\n  it says: no",
    );
  });

  test("a server without this kind", async () => {
    const message = await readFrom({
      intercept: (request, response) => {
        if (!request.url?.includes("endpointslices")) return false;
        response.writeHead(404).end("404 page not found");
        return true;
      },
    });
    expect(message).toContain("it has no endpointslices.discovery.k8s.io (discovery.k8s.io/v1)");
  });

  test("an error of the server", async () => {
    const intercept: FakeApiOptions["intercept"] = (_, response) => {
      sendStatus(response, 500, "etcdserver: request timed out");
      return true;
    };
    expect(await readFrom({ intercept })).toBe(
      `${prefix}it cannot list services: HTTP status 500\n  it says: etcdserver: request timed out`,
    );
  });

  test("silence", async () => {
    const message = await readFrom({ intercept: () => true }, {}, { patience: 100 });
    expect(message).toBe(`${prefix}no answer within 0.1 s (--request-timeout)`);
  });

  test("an answer that never ends", async () => {
    const intercept: FakeApiOptions["intercept"] = (_, response) => {
      response.writeHead(200).write('{"kind":');
      return true;
    };
    const message = await readFrom({ intercept }, {}, { patience: 200 });
    expect(message).toBe(`${prefix}no answer within 0.2 s (--request-timeout)`);
  });

  test("half a page, and the connection ends", async () => {
    const intercept: FakeApiOptions["intercept"] = (_, response) => {
      response.writeHead(200, { "content-length": "1000" }).write('{"kind":"ServiceList","items":[');
      setTimeout(() => response.destroy(), 20);
      return true;
    };
    expect(await readFrom({ intercept })).toBe(`${prefix}it ended the connection in the middle of an answer`);
  });

  test("half a page that claims to be whole", async () => {
    const intercept: FakeApiOptions["intercept"] = (_, response) => {
      response.end('{"kind":"ServiceList","items":[{"metadata":');
      return true;
    };
    expect(await readFrom({ intercept })).toBe(
      `${prefix}it was asked for a list of services and sent no JSON, or half of it; is it a Kubernetes API server?`,
    );
  });

  test("something else than a list", async () => {
    const intercept: FakeApiOptions["intercept"] = (_, response) => {
      send(response, 200, { hello: "world" });
      return true;
    };
    expect(await readFrom({ intercept })).toContain("sent something else; is it a Kubernetes API server?");
  });

  test("a list that is never read to its end", async () => {
    const intercept: FakeApiOptions["intercept"] = (_, response) => {
      sendStatus(response, 410, "too old");
      return true;
    };
    expect(await readFrom({ intercept })).toContain("the list of services went stale 5 times before its last page");
  });

  test("an exec plugin that is not installed", async () => {
    const exec = { apiVersion: "v1", command: "no-such-plugin", installHint: "Get it from the platform team." };
    expect(await readFrom({}, { user: { exec } })).toBe(
      "the credential plugin no-such-plugin of user u1 is not installed: Get it from the platform team.",
    );
  });

  test("an exec plugin that fails, without what looks like a token", async () => {
    const command = file(
      "#!/bin/sh\necho token abcdefghijabcdefghijabcdefghijabcdefghijxyz >&2; echo no login >&2; exit 1\n",
      0o700,
    );
    const message = await readFrom({}, { user: { exec: { apiVersion: "v1", command } } });
    expect(message).toBe(`the credential plugin ${command} of user u1 failed: token ...; no login`);
  });

  test("an exec plugin that prints something else, which may be a token", async () => {
    const command = file("#!/bin/sh\necho secret-token\n", 0o700);
    const message = await readFrom({}, { user: { exec: { apiVersion: "v1", command } } });
    expect(message).toBe(`the credential plugin ${command} of user u1 printed no ExecCredential`);
  });

  test("a token file that is not there", async () => {
    const message = await readFrom({}, { user: { tokenFile: "/no/such/token" } });
    expect(message).toBe("cannot use the credentials of user u1 (/no/such/token): no such file");
  });

  test("a token with a line break in it", async () => {
    const message = await readFrom({}, { user: { token: "sec\nret" } });
    expect(message).toBe(`${prefix}the token is no token: it has characters that no header can carry`);
  });
});

describe("TLS", () => {
  const certificates = { ca: "", issue: undefined as unknown as ReturnType<typeof createAuthority>["issue"] };
  beforeAll(() => {
    Object.assign(certificates, createAuthority(folder));
  });
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const trusting = (): object => ({ "certificate-authority-data": base64(certificates.ca) });
  const prefix = "cannot read test (URL): TLS: ";

  test("a certificate of the authority that the kubeconfig names", async () => {
    const tls = certificates.issue("good", { host: "IP:127.0.0.1" });
    expect(await readFrom({ tls }, { cluster: trusting() })).toMatchObject({ kind: "live" });
  });

  test("an authority that it does not name, unless nobody cares", async () => {
    const tls = certificates.issue("unknown", { host: "IP:127.0.0.1" });
    expect(await readFrom({ tls })).toBe(
      `${prefix}its certificate is issued by an authority that the kubeconfig does not name (certificate-authority)`,
    );
    expect(await readFrom({ tls }, { cluster: { "insecure-skip-tls-verify": true } })).toMatchObject({ kind: "live" });
  });

  test("a certificate that has expired", async () => {
    const tls = certificates.issue("expired", { host: "IP:127.0.0.1", isExpired: true });
    expect(await readFrom({ tls }, { cluster: trusting() })).toBe(`${prefix}its certificate has expired`);
  });

  test("a certificate for another name, unless that is the one to expect", async () => {
    const tls = certificates.issue("other", { host: "DNS:api.example.com" });
    expect(await readFrom({ tls }, { cluster: trusting() })).toContain(`${prefix}its certificate is for another name`);
    const cluster = { ...trusting(), "tls-server-name": "api.example.com" };
    expect(await readFrom({ tls }, { cluster })).toMatchObject({ kind: "live" });
  });

  test("plain HTTP where TLS is expected", async () => {
    const { url } = await fakeApi([]);
    expect(await read({ server: url.replace("http:", "https:") })).toContain("it does not speak TLS");
  });

  test("a client certificate, and what is said without one", async () => {
    const { ca } = certificates;
    const mine = certificates.issue("client", { host: "DNS:client" });
    const tls = { ...certificates.issue("mutual", { host: "IP:127.0.0.1" }), ca, requestCert: true };
    const user = { "client-certificate-data": base64(mine.cert), "client-key-data": base64(mine.key) };
    expect(await readFrom({ tls }, { cluster: trusting(), user })).toMatchObject({ kind: "live" });
    const message = await readFrom({ tls }, { cluster: trusting() });
    expect(message).toMatch(/it asks for a client certificate|it closed the connection without an answer/);
    const broken = { ...user, "client-key-data": base64("no key") };
    expect(await readFrom({ tls }, { cluster: trusting(), user: broken })).toContain("TLS: ");
  });

  test("an authority's file beside the kubeconfig", async () => {
    const tls = certificates.issue("file", { host: "IP:127.0.0.1" });
    expect(await readFrom({ tls }, { cluster: { "certificate-authority": "ca.crt" } })).toMatchObject({ kind: "live" });
  });
});
