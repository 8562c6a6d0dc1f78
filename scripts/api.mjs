// Writes down what the package exports: every declaration of src/index.ts, and every type of ours that these name.
// `npm run api` rewrites .github/api-report.md; a test fails where it differs.
import { readFileSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = fileURLToPath(new URL("..", import.meta.url));
export const reportPath = `${root}.github/api-report.md`;

/** The report of the sources as they are. */
export function apiReport() {
  const { config } = ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const program = ts.createProgram([`${root}src/index.ts`], options);
  const checker = program.getTypeChecker();
  const exported = checker.getExportsOfModule(
    checker.getSymbolAtLocation(program.getSourceFile(`${root}src/index.ts`)),
  );
  const resolved = (symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);
  const others = new Map();
  const own = exported.map((symbol) => section(symbol.name, resolved(symbol)));
  const known = new Set(exported.map((symbol) => resolved(symbol)));
  const queue = [...known];
  for (let symbol = queue.shift(); symbol !== undefined; symbol = queue.shift()) {
    for (const named of typesIn(symbol)) {
      if (known.has(named)) continue;
      known.add(named);
      queue.push(named);
      others.set(`${fileOf(named)} ${named.name}`, section(named.name, named));
    }
  }
  const inner = [...others].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text);
  return `# What the package exports

\`npm run api\` writes this page; a test fails where it is out of date. A change here is a change for users: the changelog tells them.

## Exports

${own.sort().join("\n")}
## Types that these name

${inner.join("\n")}`;

  /** Symbols of our own types in the declarations of a symbol, bodies left out. */
  function typesIn(symbol) {
    const found = new Set();
    const visit = (node) => {
      if (ts.isBlock(node) || ts.isObjectLiteralExpression(node)) return;
      if (ts.isIdentifier(node)) {
        const at = checker.getSymbolAtLocation(node);
        const target = at && resolved(at);
        const isType = target && target.flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.TypeAlias);
        if (isType && fileOf(target)?.startsWith("src/")) found.add(target);
      }
      ts.forEachChild(node, visit);
    };
    for (const declaration of symbol.declarations ?? []) visit(declaration);
    return found;
  }
}

function fileOf(symbol) {
  const file = symbol.declarations?.[0]?.getSourceFile().fileName;
  return file && relative(root, file);
}

const printer = ts.createPrinter({ removeComments: true });

function section(name, symbol) {
  const texts = (symbol.declarations ?? []).map((declaration) => printed(name, declaration));
  return `\`\`\`ts\n${texts.join("\n")}\n\`\`\`\n`;
}

function printed(name, declaration) {
  const file = declaration.getSourceFile();
  if (ts.isVariableDeclaration(declaration)) return `export const ${name};`;
  if (!ts.isFunctionDeclaration(declaration)) return printer.printNode(ts.EmitHint.Unspecified, declaration, file);
  const bare = ts.factory.updateFunctionDeclaration(
    declaration,
    declaration.modifiers,
    undefined,
    ts.factory.createIdentifier(name),
    declaration.typeParameters,
    declaration.parameters,
    declaration.type,
    undefined,
  );
  return printer.printNode(ts.EmitHint.Unspecified, bare, file);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes("--check")) {
    if (readFileSync(reportPath, "utf8") !== apiReport()) process.exitCode = 1;
  } else writeFileSync(reportPath, apiReport());
}
