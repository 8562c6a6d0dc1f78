// What a command really loads and calls, from V8's own coverage of a run of the built program.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Functions called in each module of dist/ by one command, the module's own top level left out; undefined: not built. */
export function callsOf(args) {
  const program = join(root, "dist/cli/portolan.js");
  if (!existsSync(program)) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "structure-"));
  try {
    const env = { ...process.env, NODE_V8_COVERAGE: folder };
    execFileSync(process.execPath, [program, ...args], { env, cwd: root, stdio: ["ignore", "ignore", "inherit"] });
    const scripts = readdirSync(folder).flatMap((name) => JSON.parse(readFileSync(join(folder, name), "utf8")).result);
    const prefix = new URL("../../dist/", import.meta.url).href;
    return new Map(
      scripts
        .filter(({ url }) => url.startsWith(prefix))
        .map(({ url, functions }) => [url.slice(prefix.length), functions.filter(isCalled)]),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function isCalled({ functionName, ranges: [{ startOffset, count }] }) {
  return count > 0 && (functionName !== "" || startOffset > 0);
}
