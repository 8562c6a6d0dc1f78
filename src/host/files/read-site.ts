import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import type { Reply } from "../serve.ts";

const types: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  json: "application/json",
  svg: "image/svg+xml",
  png: "image/png",
  txt: "text/plain; charset=utf-8",
};

/**
 * A reply for each file of a folder, by path: a request can only name what was found here, so that no path leads out of
 * the folder. Undefined where there is no page.
 */
export function readSite(folder: string): Readonly<Record<string, () => Reply>> | undefined {
  const replies: Record<string, () => Reply> = {};
  for (const file of filesIn(folder)) {
    const type = types[file.slice(file.lastIndexOf(".") + 1)];
    if (type === undefined) continue;
    const path = `/${file.split(sep).map(encodeURIComponent).join("/")}`;
    replies[path] = () => replyOf(readFileSync(join(folder, file)), type);
    if (path.endsWith("/index.html")) replies[path.slice(0, -"index.html".length)] = replies[path];
  }
  return replies["/"] === undefined ? undefined : replies;
}

function filesIn(folder: string): readonly string[] {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    return files.map((entry) => join(entry.parentPath, entry.name).slice(join(folder, sep).length));
  } catch {
    return [];
  }
}

/** A page is served with the policy that it has as a file, and no other site may frame it. */
function replyOf(body: Buffer, type: string): Reply {
  const head = body.toString("latin1", 0, 4096);
  const [, policy = "default-src 'none'"] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(head) ?? [];
  const headers = { "content-security-policy": `${policy}; frame-ancestors 'self'`, "referrer-policy": "no-referrer" };
  return { status: 200, type, body, headers };
}
