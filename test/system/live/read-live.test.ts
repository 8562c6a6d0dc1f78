import { describe, expect, test } from "vitest";
import { manyServices, testNode } from "../../harness/cluster-objects.ts";
import { fakeApi, sendStatus } from "../../harness/fake-api.ts";
import { file, folder, read } from "../../harness/read-live.ts";
import { proxyConfigMap } from "../../harness/stored-objects.ts";

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
      "/apis/networking.k8s.io/v1/servicecidrs",
    ]);
  });

  test("the ConfigMap of kube-proxy", async () => {
    const api = await fakeApi([testNode, proxyConfigMap("mode: ipvs")]);
    const result = await read({ server: api.url });
    expect(result).toMatchObject({ hasConfiguration: true });
  });

  test.each([
    [403, [expect.stringMatching(/^ServiceCIDR objects are not read, so .* missing permission to list servicecidrs/)]],
    [404, []],
  ])(
    "ServiceCIDRs that are answered with %d are left out, and a missing permission is said",
    async (status, leftOut) => {
      const api = await fakeApi([testNode], {
        intercept: (request, response) => {
          if (!request.url?.includes("servicecidrs")) return false;
          sendStatus(response, status, "no");
          return true;
        },
      });
      expect(await read({ server: api.url })).toMatchObject({ kind: "live", leftOut });
    },
  );

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

  test("somebody else, with the groups, the uid and what more the kubeconfig says", async () => {
    const api = await fakeApi([testNode]);
    const more = { "as-groups": ["dev", "ops"], "as-uid": "7", "as-user-extra": { "example.com/a": ["b"] } };
    await read({ server: api.url, user: { token: "abc", as: "jane", ...more } });
    expect(api.headers[0]).toMatchObject({
      "impersonate-user": "jane",
      "impersonate-group": "dev, ops",
      "impersonate-uid": "7",
      "impersonate-extra-example.com%2fa": "b",
    });
    await read({ server: api.url, user: { token: "abc", ...more } });
    expect(Object.keys(api.headers.at(-1) ?? {}).filter((name) => name.startsWith("impersonate"))).toEqual([]);
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
