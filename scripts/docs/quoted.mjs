// What the README and the documentation quote of the program's output: the script writes it, a test compares it.
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

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
    return spawnSync("bash", ["-c", `${command} 2>&1`], { cwd: root, env, encoding: "utf8" }).stdout;
  } finally {
    rmSync(bin, { recursive: true });
  }
}

/** The same text with the outputs as they are now. */
export function rewrite(text) {
  return text.replace(blocks, (block) => {
    const printed = examplesIn(block).map(({ command }) => `$ ${command}\n${run(command)}`);
    return `\`\`\`console\n${printed.join("")}\`\`\``;
  });
}

/** The picture of the README. */
export const picture = {
  path: ".github/shop.svg",
  draw: () =>
    execFileSync(process.execPath, [program, "tour", "-f", "golden/shop/cluster.yaml", "-o", "svg"], {
      cwd: root,
      encoding: "utf8",
    }),
};
