import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { type FakeApiOptions, send, sendStatus } from "../../harness/fake-api.ts";
import { file, read, readFrom } from "../../harness/read-live.ts";

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
      `${prefix}the server does not accept the credentials of user u1 (401 Unauthorized): ` +
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
      `${prefix}forbidden: missing permission to list endpointslices.discovery.k8s.io in all namespaces\n` +
        `  response: ${said}`,
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
      `${prefix}forbidden: missing permission to get configmaps in namespace kube-system; ` +
        "or pass the configuration with --proxy-config FILE\n  response: no",
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
    expect(message).toContain("the server has no endpointslices.discovery.k8s.io (discovery.k8s.io/v1)");
  });

  test("an error of the server", async () => {
    const intercept: FakeApiOptions["intercept"] = (_, response) => {
      sendStatus(response, 500, "etcdserver: request timed out");
      return true;
    };
    expect(await readFrom({ intercept })).toBe(
      `${prefix}the server cannot list services: HTTP status 500\n  response: etcdserver: request timed out`,
    );
  });

  test("silence", async () => {
    const message = await readFrom({ intercept: () => true }, {}, { patience: 100 });
    expect(message).toBe(`${prefix}no response within 0.1 s (--request-timeout)`);
  });

  test("an answer that never ends", async () => {
    const intercept: FakeApiOptions["intercept"] = (_, response) => {
      response.writeHead(200).write('{"kind":');
      return true;
    };
    const message = await readFrom({ intercept }, {}, { patience: 200 });
    expect(message).toBe(`${prefix}the response did not end within 0.2 s (--request-timeout)`);
  });

  test("half a page, and the connection ends", async () => {
    const intercept: FakeApiOptions["intercept"] = (_, response) => {
      response.writeHead(200, { "content-length": "1000" }).write('{"kind":"ServiceList","items":[');
      setTimeout(() => response.destroy(), 20);
      return true;
    };
    expect(await readFrom({ intercept })).toBe(`${prefix}the server closed the connection in the middle of a response`);
  });

  test("half a page that claims to be whole", async () => {
    const intercept: FakeApiOptions["intercept"] = (_, response) => {
      response.end('{"kind":"ServiceList","items":[{"metadata":');
      return true;
    };
    expect(await readFrom({ intercept })).toBe(
      `${prefix}the server returned invalid or incomplete JSON instead of a list of services; is it a Kubernetes API server?`,
    );
  });

  test("something else than a list", async () => {
    const intercept: FakeApiOptions["intercept"] = (_, response) => {
      send(response, 200, { hello: "world" });
      return true;
    };
    expect(await readFrom({ intercept })).toContain(
      "the server returned something else instead of a list of services; is it a Kubernetes API server?",
    );
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
    expect(message).toBe(`the credential plugin ${command} of user u1 did not print an ExecCredential`);
  });

  test("a token file that is not there", async () => {
    const message = await readFrom({}, { user: { tokenFile: "/no/such/token" } });
    expect(message).toBe("cannot use the credentials of user u1 (/no/such/token): no such file");
  });

  test("a token with a line break in it", async () => {
    const message = await readFrom({}, { user: { token: "sec\nret" } });
    expect(message).toBe(`${prefix}invalid token: it has characters that are not allowed in a header`);
  });
});
