// Builds the playground into one page that needs no server, and the documentation beside it: `npm run build:web [-- FOLDER]`,
// default dist/web.
// The worker is a text in the page, and the page's policy names the script by its hash.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { minify } from "rolldown/experimental";
import { loadSources } from "../docs/load-sources.mjs";
import { referencePages } from "../docs/reference.mjs";
import { renderDocs } from "./docs.mjs";
import { playgroundState } from "./playground-state.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The most that a visitor loads, in bytes after gzip. */
export const sizeLimit = 350_000;

/** The page as text. */
export async function buildPage() {
  const [worker, script, style] = await Promise.all([
    bundle("src/web/engine/worker.ts", [plainYaml, shortCatalog]),
    bundle("src/web/page/main.ts", [noSyntaxTrees]),
    bundle("src/web/style.css", []),
  ]);
  const nonce = hash(style);
  const policy = [
    "default-src 'none'",
    `script-src 'sha256-${hash(script)}'`,
    `style-src 'nonce-${nonce}'`,
    "worker-src blob:",
    "connect-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const template = readFileSync(join(root, "src/web/index.html"), "utf8");
  const parts = { policy, nonce, style, worker, script };
  return template.replace(/\{\{(\w+)\}\}/g, (_, name) => parts[name]);
}

/** The documentation: pages by path, and a sentence for each broken link. */
export async function buildDocs() {
  const [style, sources] = await Promise.all([bundle("src/web/docs.css", []), loadSources()]);
  const { sections, problems } = readSections(sources);
  const docs = renderDocs({
    sections,
    style: { text: style, nonce: hash(style) },
    repository: { has: (path) => existsSync(join(root, path)), read: readText },
    showState: (text) => playgroundState(text, sources, readText),
  });
  return { pages: docs.pages, problems: [...problems, ...docs.problems] };
}

/** The texts of src/web/docs/ as contents.json groups them, and the generated reference in the last group. */
function readSections(sources) {
  const folder = "src/web/docs";
  const contents = JSON.parse(readText(`${folder}/contents.json`));
  const sections = contents.map(({ heading, pages }) => ({
    heading,
    pages: Object.entries(pages).map(([name, description]) => {
      return { name, description, text: readText(`${folder}/${name}`) };
    }),
  }));
  sections.at(-1).pages.unshift(...referencePages(sources));
  const listed = new Set(contents.flatMap(({ pages }) => Object.keys(pages)));
  const missing = readdirSync(join(root, folder)).filter((name) => name.endsWith(".md") && !listed.has(name));
  return { sections, problems: missing.map((name) => `${folder}/contents.json does not list ${name}`) };
}

function readText(path) {
  return readFileSync(join(root, path), "utf8");
}

async function bundle(entry, plugins) {
  const { outputFiles } = await build({
    entryPoints: [join(root, entry)],
    bundle: true,
    minify: entry.endsWith(".css"),
    write: false,
    format: "iife",
    target: "es2023",
    loader: { ".yaml": "text" },
    legalComments: "none",
    plugins,
  });
  const text = outputFiles[0].text.trim();
  return entry.endsWith(".css") ? text : (await minified(entry, text)).trim();
}

/** By the minifier of rolldown: a thirtieth smaller after gzip than esbuild's. */
async function minified(name, text) {
  const { code, errors } = await minify(name, text, {});
  if (errors.length > 0) throw new Error(`${name}: ${errors[0].message}`);
  return code;
}

function hash(text) {
  return createHash("sha256").update(text).digest("base64");
}

/** A plugin that puts a text in the place of packages. */
function replacing(packages, contents) {
  return {
    name: `replacing ${packages}`,
    setup({ onResolve, onLoad }) {
      onResolve({ filter: packages }, ({ path }) => ({ path, namespace: "replaced" }));
      onLoad({ filter: packages, namespace: "replaced" }, () => ({ contents }));
    },
  };
}

/** Leaves out the second YAML parser, which is only faster: the first one gives places too. */
const plainYaml = replacing(
  /^js-yaml$/,
  `export class Type {}
   export const FAILSAFE_SCHEMA = { extend: () => undefined };
   export const loadAll = () => { throw new Error("js-yaml is not in this bundle"); };`,
);

/** Leaves out the parsers of languages: the few commands of the editor that are used need none. */
const noSyntaxTrees = replacing(/^@lezer\/common$|^@codemirror\/language$/, "module.exports = {};");

/** Leaves out the long explanations of diagnostics: messages and hints are shown. */
const shortCatalog = {
  name: "short-catalog",
  setup({ onLoad }) {
    onLoad({ filter: /\/diagnostics\/catalog\/[\w-]+\.ts$/ }, ({ path }) => ({
      loader: "ts",
      contents: readFileSync(path, "utf8").replace(
        /^ {4}explanation:\s*"(?:[^"\\]|\\.)*"(?:\s*\+\s*"(?:[^"\\]|\\.)*")*,\n/gm,
        "",
      ),
    }));
  },
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = process.argv[2] ?? join(root, "dist/web");
  const [page, docs] = await Promise.all([buildPage(), buildDocs()]);
  write(join(folder, "index.html"), page);
  for (const [path, text] of docs.pages) write(join(folder, "docs", path), text);
  const size = gzipSync(page, { level: 9 }).length;
  console.log(`${join(folder, "index.html")}: ${page.length} bytes, ${size} after gzip (limit ${sizeLimit})`);
  console.log(`${join(folder, "docs")}: ${docs.pages.size} pages`);
  for (const problem of docs.problems) console.error(`error: ${problem}`);
  if (size > sizeLimit || docs.problems.length > 0) process.exitCode = 1;
}

function write(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
