import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import ts from "typescript";

const options = {
  module: ts.ModuleKind.ESNext,
  target: ts.ScriptTarget.ES2022,
  rewriteRelativeImportExtensions: true,
};

/** A folder of TypeScript as JavaScript, for a Node that runs without vitest; other files as they are. */
export function transpileFolder(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  writeFileSync(join(to, "package.json"), '{"type":"module"}\n');
  for (const name of readdirSync(from)) {
    if (extname(name) !== ".ts") copyFileSync(join(from, name), join(to, name));
    else {
      const { outputText } = ts.transpileModule(readFileSync(join(from, name), "utf8"), { compilerOptions: options });
      writeFileSync(join(to, name.replace(/ts$/, "js")), outputText);
    }
  }
}
