// What the README and the documentation quote of the program's output: the script writes it, a test compares it.
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export const root = new URL("../../", import.meta.url).pathname;
const program = join(root, "dist/cli/portolan.js");
const folder = "src/web/docs";

/** README.md and the pages of the documentation. */
export function documents() {
  const pages = readdirSync(join(root, folder)).filter((name) => name.endsWith(".md"));
  return ["README.md", ...pages.sort().map((name) => join(folder, name))];
}

const blocks = /^```console\n([\s\S]*?)^```$/gm;

/** The commands of the console blocks of a text, each with the lines that follow it. */
export function examplesIn(text) {
  return [...text.matchAll(blocks)].flatMap(([, block]) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((example) => {
        const end = example.indexOf("\n");
        return { command: example.slice(0, end), output: example.slice(end + 1) };
      }),
  );
}

/** What a command prints in the repository, with the built program on the PATH. */
export function run(command) {
  const bin = mkdtempSync(join(tmpdir(), "docs-"));
  try {
    writeFileSync(join(bin, "portolan"), `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`);
    chmodSync(join(bin, "portolan"), 0o755);
    // Folders that a command makes go with this one.
    const env = { ...process.env, PATH: `${bin}:${process.env.PATH}`, TMPDIR: bin, NO_COLOR: "1", FORCE_COLOR: "" };
    return spawnSync("bash", ["-c", `{ ${command}\n} 2>&1`], { cwd: root, env, encoding: "utf8" }).stdout;
  } finally {
    rmSync(bin, { recursive: true });
  }
}

const sampleBlocks = /^```js\n([\s\S]*?)^```\n(?:\n```text\n([\s\S]*?)^```\n)?/gm;

/** The programs that a text has, each with the output below it. */
export function samplesIn(text) {
  return [...text.matchAll(sampleBlocks)].map(([, code, output]) => ({ code, output }));
}

/** What a program prints in the repository, where it can import "portolan". */
export function runSample(code) {
  const args = ["--input-type=module", "--eval", code];
  return execFileSync(process.execPath, args, { cwd: root, encoding: "utf8" });
}

/** The same text with the outputs as they are now. */
export function rewrite(text) {
  const withSamples = text.replace(
    sampleBlocks,
    (_, code) => `\`\`\`js\n${code}\`\`\`\n\n\`\`\`text\n${runSample(code)}\`\`\`\n`,
  );
  return withSamples.replace(blocks, (block) => {
    const printed = examplesIn(block).map(({ command }) => `$ ${command}\n${run(command)}`);
    return `\`\`\`console\n${printed.join("")}\`\`\``;
  });
}

const drawn = /^!\[[^\]]*\]\(([^)]+\.svg)\)\n\n[^`\n]*`(portolan [^`]+ -o svg)`/gm;

/** The pictures that a document shows, by path, each with the command that the line below it names. */
export function picturesIn(path, text) {
  return [...text.matchAll(drawn)].map(([, href, command]) => ({ path: join(dirname(path), href), command }));
}

/** A picture as the program draws it, without the messages beside it. */
export function draw({ command }) {
  return run(`${command} 2>/dev/null`);
}
