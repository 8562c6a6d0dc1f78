// What a command really loads and calls, from V8's own coverage of a run of the built program.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Functions called in each module of dist/ by one command, the module's own top level left out; undefined: not built. */
export function callsOf(args) {
  // The program's entry point is bundled: the modules are what tsc wrote beside it.
  const program = join(root, "dist/cli/main.js");
  if (!existsSync(program)) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "structure-"));
  try {
    const env = { ...process.env, NODE_V8_COVERAGE: folder };
    const start = join(folder, "start.mjs");
    writeFileSync(start, `import { main } from ${JSON.stringify(program)}; await main("portolan");`);
    execFileSync(process.execPath, [start, ...args], { env, cwd: root, stdio: ["ignore", "ignore", "inherit"] });
    const scripts = readdirSync(folder)
      .filter((name) => name.endsWith(".json"))
      .flatMap((name) => JSON.parse(readFileSync(join(folder, name), "utf8")).result);
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
