import { Server } from "node:http";
import { expect, onTestFinished, test, vi } from "vitest";
import { serve } from "../../../../src/host/serve.ts";

test("a server outlives replies that fail, and errors of its socket", async () => {
  const listen = vi.spyOn(Server.prototype, "listen");
  const bug = (): never => {
    throw new Error("a bug");
  };
  const replies = {
    "/bug": bug,
    "/late": async () => bug(),
    "/": () => ({ status: 200, type: "text/plain", body: "ok" }),
  };
  const { port, close } = await serve({ host: "127.0.0.1", port: 0 }, replies);
  onTestFinished(close);
  const server = listen.mock.contexts[0] as Server;
  for (let times = 0; times < 3; times++) server.emit("error", new Error("EMFILE"));
  const statusOf = async (path: string, method = "GET") =>
    (await fetch(`http://127.0.0.1:${port}${path}`, { method })).status;
  expect(await statusOf("/bug")).toBe(500);
  expect(await statusOf("/late")).toBe(500);
  expect(await statusOf("/constructor")).toBe(404);
  expect(await statusOf("/", "POST")).toBe(404);
  expect(await statusOf("/?a")).toBe(200);
});
