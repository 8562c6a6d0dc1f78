import { beforeAll, describe, expect, test } from "vitest";
import { createAuthority } from "./certificates.ts";
import { fakeApi } from "./fake-api.ts";
import { folder, read, readFrom } from "./read-here.ts";

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
      `${prefix}the kubeconfig does not name the authority that issued the server's certificate (certificate-authority)`,
    );
    expect(await readFrom({ tls }, { cluster: { "insecure-skip-tls-verify": true } })).toMatchObject({ kind: "live" });
  });

  test("a certificate that has expired", async () => {
    const tls = certificates.issue("expired", { host: "IP:127.0.0.1", isExpired: true });
    expect(await readFrom({ tls }, { cluster: trusting() })).toBe(`${prefix}the server's certificate has expired`);
  });

  test("a certificate for another name, unless that is the one to expect", async () => {
    const tls = certificates.issue("other", { host: "DNS:api.example.com" });
    expect(await readFrom({ tls }, { cluster: trusting() })).toContain(
      `${prefix}the server's certificate is for another name`,
    );
    const cluster = { ...trusting(), "tls-server-name": "api.example.com" };
    expect(await readFrom({ tls }, { cluster })).toMatchObject({ kind: "live" });
  });

  test("plain HTTP where TLS is expected", async () => {
    const { url } = await fakeApi([]);
    expect(await read({ server: url.replace("http:", "https:") })).toContain("the server does not speak TLS");
  });

  test("a client certificate, and what is said without one", async () => {
    const { ca } = certificates;
    const mine = certificates.issue("client", { host: "DNS:client" });
    const tls = { ...certificates.issue("mutual", { host: "IP:127.0.0.1" }), ca, requestCert: true };
    const user = { "client-certificate-data": base64(mine.cert), "client-key-data": base64(mine.key) };
    expect(await readFrom({ tls }, { cluster: trusting(), user })).toMatchObject({ kind: "live" });
    const message = await readFrom({ tls }, { cluster: trusting() });
    expect(message).toMatch(
      /the server requires a client certificate|the server closed the connection without a response/,
    );
    const broken = { ...user, "client-key-data": base64("no key") };
    expect(await readFrom({ tls }, { cluster: trusting(), user: broken })).toContain("TLS: ");
  });

  test("an authority's file beside the kubeconfig", async () => {
    const tls = certificates.issue("file", { host: "IP:127.0.0.1" });
    expect(await readFrom({ tls }, { cluster: { "certificate-authority": "ca.crt" } })).toMatchObject({ kind: "live" });
  });
});
