// The files of src/ as syntax trees, and what each imports: static and type-only imports, re-exports, import() and import types.
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import ts from "typescript";

/** The texts of all TypeScript files below a folder, by path from there. */
export function readTexts(root) {
  const paths = readdirSync(root, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => /\.tsx?$/.test(path) && !path.endsWith(".d.ts"));
  return new Map(paths.sort().map((path) => [path, readFileSync(join(root, path), "utf8")]));
}

export function parseSources(texts) {
  return [...texts].map(([path, text]) => {
    const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest);
    return { path, tree, imports: importsOf(tree) };
  });
}

/** One edge for each import of another file of the tree. */
export function edgesOf(sources) {
  const paths = new Set(sources.map(({ path }) => path));
  return sources.flatMap(({ path, imports }) =>
    imports
      .filter(({ specifier }) => specifier.startsWith("."))
      .map(({ specifier, line, kind }) => ({ from: path, to: resolve(path, specifier), line, kind }))
      .filter(({ to }) => paths.has(to)),
  );
}

function resolve(from, specifier) {
  return posix.join(posix.dirname(from), specifier).replace(/\.js$/, ".ts");
}

function importsOf(tree) {
  const found = [];
  const add = (node, literal, kind) => {
    if (literal === undefined || !ts.isStringLiteralLike(literal)) return;
    const line = tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;
    found.push({ specifier: literal.text, line, kind });
  };
  visitAll(tree, (node) => {
    if (ts.isImportDeclaration(node)) {
      add(node, node.moduleSpecifier, node.importClause?.isTypeOnly ? "type" : "static");
    } else if (ts.isExportDeclaration(node)) {
      add(node, node.moduleSpecifier, node.isTypeOnly ? "type" : "re-export");
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node, node.arguments[0], "dynamic");
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node, node.argument.literal, "type");
    }
  });
  return found;
}

export function visitAll(node, visit) {
  visit(node);
  ts.forEachChild(node, (child) => visitAll(child, visit));
}
