import { expect, test } from "vitest";
import { proxyOf } from "../../../../src/host/kube/connect.ts";

test.each([
  ["https://api.example.com:6443", { HTTPS_PROXY: "http://p:3128" }, "http://p:3128"],
  ["https://api.example.com:6443", { https_proxy: "p:3128" }, "http://p:3128"],
  ["https://api.example.com:6443", { HTTP_PROXY: "http://p:3128" }, undefined],
  ["http://api.example.com", { HTTP_PROXY: "http://p:3128" }, "http://p:3128"],
  ["https://127.0.0.1:6443", { HTTPS_PROXY: "http://p:3128" }, undefined],
  ["https://[::1]:6443", { HTTPS_PROXY: "http://p:3128" }, undefined],
])("%s %j", (server, environment, proxy) => {
  expect(proxyOf(server, environment)).toBe(proxy);
});

test.each([
  ["api.example.com", true],
  ["example.com", true],
  [".example.com", true],
  ["*.example.com", true],
  ["ample.com", false],
  ["other.com, example.com", true],
  ["api.example.com:6443", true],
  ["api.example.com:443", false],
  ["*", true],
  ["10.0.0.0/8", false],
])("NO_PROXY=%s", (list, isExcepted) => {
  const environment = { HTTPS_PROXY: "http://p:3128", NO_PROXY: list };
  expect(proxyOf("https://api.example.com:6443", environment) === undefined).toBe(isExcepted);
});

test("networks and addresses in NO_PROXY", () => {
  const proxy = (server: string, list: string) => proxyOf(server, { HTTPS_PROXY: "http://p:1", NO_PROXY: list });
  expect(proxy("https://10.1.2.3:6443", "10.0.0.0/8")).toBeUndefined();
  expect(proxy("https://10.1.2.3:6443", "10.1.2.3")).toBeUndefined();
  expect(proxy("https://[fd00::1]:6443", "fd00::/8")).toBeUndefined();
  expect(proxy("https://192.0.2.1", "10.0.0.0/8")).toBe("http://p:1");
});
