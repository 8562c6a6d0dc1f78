import { describe, expect, it } from "vitest";
import { plainWords } from "../../../../src/host/kube/conceal.ts";
import { type FakeApiOptions, sendStatus } from "../../../harness/fake-api.ts";
import { file, read, readFrom } from "../../../harness/read-live.ts";

const secret = "Marker-7f3a/secret+";
const base64 = Buffer.from(secret).toString("base64");
const encoded = encodeURIComponent(secret);

/** In any form, and parts of it. */
const leaked = /marker|7f3a|secret\+|secret%2B|TWFya2Vy/i;

const plugin = (script: string): string => file(`#!/bin/sh\n${script}\n`, 0o700);
const exec = (script: string, more: object = {}) => ({
  exec: { apiVersion: "client.authentication.k8s.io/v1", command: plugin(script), ...more },
});
const echo: FakeApiOptions["intercept"] = (request, response) => {
  const { authorization = "" } = request.headers;
  sendStatus(
    response,
    500,
    `bad header ${authorization}, from ${secret} at https://me:${encoded}@proxy/x?token=${base64}`,
  );
  return true;
};

/** A credential in a field of a kubeconfig, and how the connection fails. Each with a user that can be reached. */
const users: Readonly<Record<string, object>> = {
  token: { token: secret },
  "a token with a line end": { token: `${secret}\n${secret}` },
  "a token file": { tokenFile: file(secret) },
  password: { username: "me", password: secret },
  "client-key-data": { "client-key-data": base64, "client-certificate-data": base64 },
  "client-key-data that is no base64": { "client-key-data": secret, "client-certificate-data": secret },
  "client-key": { "client-key": file(secret), "client-certificate": file(secret) },
  "auth-provider": { "auth-provider": { name: "oidc", config: { "id-token": secret, "refresh-token": secret } } },
  "as-user-extra": { token: secret, as: "other", "as-user-extra": { note: [secret] } },
  "a field that is none": { [`x-${"y"}`]: secret, token: { nested: secret } },
  "the output of a plugin": exec(`echo '{"kind":"ExecCredential","status":{"token":"${secret}"}}'`),
  "the output of a plugin that is no credential": exec(`echo 'token: ${secret}'`),
  "a plugin's certificate": exec(
    `echo '{"kind":"ExecCredential","status":{"clientCertificateData":"${secret}","clientKeyData":"${secret}"}}'`,
  ),
  "the message of a plugin": exec(`echo 'login failed: token ${secret} for ${base64}' >&2; exit 1`),
  "an argument and a variable of a plugin": exec(`echo "cannot use $1 and $X" >&2; exit 1`, {
    args: [secret],
    env: [{ name: "X", value: secret }],
  }),
};

describe("a credential never reaches a message", () => {
  describe.each(Object.entries(users))("%s", (name, user) => {
    // No server gets a private key, and the client library reads its file.
    if (name !== "client-key")
      it("of a server that says what it got", async () => {
        const message = await readFrom({ intercept: echo }, { user });
        expect(message).toEqual(expect.any(String));
        expect(message).not.toMatch(leaked);
      });

    it("of a server that cannot be reached, below a URL with a password", async () => {
      for (const server of [`http://me:${encoded}@127.0.0.1:1`, `https://${encoded}@127.0.0.1:1/?key=${encoded}`]) {
        const message = await read({ server, user });
        expect(message).toEqual(expect.any(String));
        expect(message).not.toMatch(leaked);
      }
    });

    it("of a proxy", async () => {
      for (const proxy of [
        `http://me:${encoded}@127.0.0.1:1`,
        `socks5://me:${encoded}@127.0.0.1:1`,
        `no-url:${secret}`,
      ]) {
        const cluster = { "proxy-url": proxy, "certificate-authority-data": base64 };
        const message = await read({ server: "https://127.0.0.1:1", cluster, user });
        expect(message).toEqual(expect.any(String));
        expect(message).not.toMatch(leaked);
      }
    });
  });

  it("of a kubeconfig that cannot be read", async () => {
    for (const text of [`token: "${secret}`, `users: *${secret}`, `- ${secret}`, `a: b: ${secret}`]) {
      const message = await read(text);
      expect(message).toEqual(expect.any(String));
      expect(message).not.toMatch(leaked);
    }
  });
});

describe("plainWords keeps words, and no credential", () => {
  it.each([
    ["no login; run the login command", "no login; run the login command"],
    ["token abc expired", "token ... expired"],
    ["exit 3: unknown flag --no-browser", "exit 3: unknown flag --no-browser"],
    ["password=hunter2", "..."],
    ["at https://sso.example.com/start?code=x", "at ..."],
    ["SECRETMARKER, abc1 (403)", "..., ... ..."],
  ])("%s", (text, kept) => {
    expect(plainWords(text)).toBe(kept);
  });
});
