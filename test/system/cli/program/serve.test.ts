import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = new URL("../../../../", import.meta.url).pathname;

interface Answer {
  readonly status: number | undefined;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

describe("serve", () => {
  // A copy of the built package, with a small site.
  const folder = mkdtempSync(join(tmpdir(), "portolan-serve-"));
  const policy = "default-src 'none'; script-src 'sha256-x'";
  let server: ChildProcess;
  let url = "";
  let printed = "";

  beforeAll(async () => {
    cpSync(join(root, "dist"), join(folder, "dist"), { recursive: true });
    cpSync(join(root, "package.json"), join(folder, "package.json"));
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    rmSync(join(folder, "dist/web"), { recursive: true, force: true });
    mkdirSync(join(folder, "dist/web/docs"), { recursive: true });
    const meta = `<meta http-equiv="Content-Security-Policy" content="${policy}">`;
    writeFileSync(join(folder, "dist/web/index.html"), `<title>page</title>${meta}`);
    writeFileSync(join(folder, "dist/web/docs/index.html"), "docs");
    symlinkSync("/etc/passwd", join(folder, "dist/web/link.txt"));
    server = spawn(process.execPath, [join(folder, "dist/cli/portolan.js"), "serve", "--port", "0"]);
    printed = await new Promise((done, failed) => {
      server.stdout?.once("data", (text) => done(String(text)));
      server.once("exit", (code) => failed(new Error(`serve ended with ${code}`)));
    });
    url = printed.slice(0, printed.indexOf("\n"));
  });

  afterAll(() => {
    server.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  function ask(path: string, method = "GET"): Promise<Answer> {
    return new Promise((done, failed) => {
      const { hostname, port } = new URL(url);
      request({ hostname, port, path, method }, (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text) => {
          body += text;
        });
        response.on("end", () => done({ status: response.statusCode, headers: response.headers, body }));
      })
        .on("error", failed)
        .end();
    });
  }

  it("prints its addresses, of this machine alone", () => {
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    expect(printed).toBe(`${url}\n${url}docs/ (documentation)\n`);
  });

  it("serves the pages with the policy that they have as files", async () => {
    const { status, headers, body } = await ask("/");
    expect(status).toBe(200);
    expect(body).toContain("<title>page</title>");
    expect(headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(headers["content-security-policy"]).toBe(`${policy}; frame-ancestors 'self'`);
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(await ask("/docs/")).toMatchObject({ status: 200, body: "docs" });
    expect(await ask("/index.html", "HEAD")).toMatchObject({ status: 200, body: "" });
  });

  it.each([
    "/../package.json",
    "/..%2fpackage.json",
    "/%2e%2e/package.json",
    "/docs/../../package.json",
    "//etc/passwd",
    "/link.txt",
    "/docs",
    "/toString",
    "/index.html%00.txt",
  ])("finds nothing at %s", async (path) => {
    expect(await ask(path)).toMatchObject({ status: 404, body: "not found\n" });
  });

  it.each(["POST", "PUT", "DELETE", "OPTIONS"])("does not take %s", async (method) => {
    expect((await ask("/", method)).status).toBe(404);
  });

  it("says that the port is taken", async () => {
    const args = [join(folder, "dist/cli/portolan.js"), "serve", "--port", new URL(url).port];
    const second = spawn(process.execPath, args);
    let said = "";
    second.stderr.on("data", (text) => {
      said += text;
    });
    expect(await new Promise((done) => second.once("exit", done))).toBe(4);
    expect(said).toMatch(/^error: cannot listen on 127\.0\.0\.1:\d+: another program does; pass --port\n$/);
  });
});
