#!/usr/bin/env node
// Builds everything that a release publishes, tries each part, and prints what would be published. Publishes nothing.
// The programs are tried without a network; for the package npm needs its dependencies, from its cache where they are there.
// Usage, after a build:  npm run release -- [--out FOLDER] [--url BASE]
//   FOLDER  where the files go (default: .cache/release)
//   BASE    the address that they will be downloaded from
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { commandLine } from "../bundle.mjs";
import { formula, krewManifest } from "./manifests.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const { version } = manifest;
const { values: flags } = parseArgs({
  options: {
    out: { type: "string", default: join(root, ".cache/release") },
    url: { type: "string", default: `https://example.org/portolan/v${version}` },
  },
});
const out = resolve(flags.out);
const scratch = mkdtempSync(join(tmpdir(), "portolan-release-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

const programs = await buildPrograms();
// The package has the pages that `portolan serve` shows, and like the archive the manual.
execFileSync("npm", ["run", "--silent", "build:web"], { cwd: root });
const manual = join(root, manifest.man[0]);
const archive = packArchive();
const tarball = packPackage();
const described = {
  version,
  description: manifest.description,
  programs: Object.keys(manifest.bin),
  url: `${flags.url}/${basename(archive)}`,
  sha256: sumOf(archive),
};
writeFileSync(join(out, "krew.yaml"), krewManifest(described));
writeFileSync(join(out, "portolan.rb"), formula(described));

for (const [what, run] of checks()) {
  run();
  console.log(`tried: ${what}`);
}
console.log(`\nwould be published, version ${version}:`);
for (const file of [tarball, ...programs, archive, join(out, "krew.yaml"), join(out, "portolan.rb")]) {
  console.log(`  ${basename(file).padEnd(30)} ${String(statSync(file).size).padStart(9)} bytes  sha256 ${sumOf(file)}`);
}
console.log(
  "  container image                scripts/container/build.sh makes and scripts/container/README.md describes it",
);

/** The programs of the package, each with all packages in one file: it needs Node and nothing else. */
async function buildPrograms() {
  const sources = Object.entries(manifest.bin).map(([name, file]) => [
    name,
    file.replace(/^dist\/(.*)\.js$/, "src/$1.ts"),
  ]);
  await build({
    ...commandLine,
    entryPoints: Object.fromEntries(sources),
    outdir: out,
    minifySyntax: true,
    minifyWhitespace: true,
    define: { PORTOLAN_MANIFEST: JSON.stringify({ version, homepage: manifest.homepage }) },
    outExtension: { ".js": ".mjs" },
    legalComments: "external",
  });
  const files = sources.map(([name]) => join(out, `${name}.mjs`));
  for (const file of files) chmodSync(file, 0o755);
  return files;
}

/** For krew and Homebrew. */
function packArchive() {
  const folder = join(scratch, "archive");
  mkdirSync(folder);
  for (const file of programs) copyFileSync(file, join(folder, basename(file, ".mjs")));
  for (const file of [join(root, "LICENSE"), manual]) copyFileSync(file, join(folder, basename(file)));
  // A file without an extension is a module only where a package.json says so.
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
  const file = join(out, `portolan-${version}.tar.gz`);
  // The same bytes for the same input: no times, owners or order of the disk.
  const same = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];
  execFileSync("sh", ["-c", `tar ${same.join(" ")} -C "$0" -cf - . | gzip -n -9 > "$1"`, folder, file]);
  return file;
}

function packPackage() {
  const name = execFileSync("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", out], {
    cwd: root,
    encoding: "utf8",
  });
  return join(out, name.trim());
}

function sumOf(file) {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

/** Each part in an empty folder, as somebody who installs it has it. */
function checks() {
  const expected = new RegExp(`^portolan ${version.replaceAll(".", "\\.")} `);
  const shop = join(root, "golden/service-python-nodeport/cluster.yaml");
  const run = (file, args, options = {}) => execFileSync(file, args, { cwd: scratch, encoding: "utf8", ...options });
  const completes = (file) => {
    const found = run(file, ["schema", "ver"]);
    if (found !== "verify\n:0\n") throw new Error(`${file} does not complete "schema ver"`);
  };
  const works = (file) => {
    if (/complete/.test(file)) return completes(file);
    if (!expected.test(run(file, ["--version"]))) throw new Error(`${file} --version does not print ${version}`);
    const rules = run(file, ["compile", "-f", shop]);
    if (rules !== run(process.execPath, [join(root, "dist/cli/portolan.js"), "compile", "-f", shop]))
      throw new Error(`${file} does not compile what the build compiles`);
  };
  return [
    ...programs.map((file) => [`${basename(file)} alone`, () => works(file)]),
    [
      `${basename(archive)}, unpacked`,
      () => {
        const folder = join(scratch, "unpacked");
        mkdirSync(folder);
        run("tar", ["-C", folder, "-xzf", archive]);
        for (const name of Object.keys(manifest.bin)) works(join(folder, name));
        if (!readFileSync(join(folder, basename(manual)), "utf8").startsWith(".TH PORTOLAN 1"))
          throw new Error("no manual");
      },
    ],
    [
      `${basename(tarball)}, installed, run and removed`,
      () => {
        const env = { ...process.env, npm_config_prefer_offline: "true" };
        execFileSync("bash", [join(root, "scripts/check-package.sh"), tarball], { env, stdio: "inherit" });
      },
    ],
  ];
}
