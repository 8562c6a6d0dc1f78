import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const source = new URL("../../../src/", import.meta.url).pathname;

/** A function that index.ts exports: the file it is in, and its name there. */
export interface ExportedFunction {
  readonly name: string;
  readonly local: string;
  readonly file: string;
}

/** The functions of the public API. */
export function exportedFunctions(): readonly ExportedFunction[] {
  const index = readFileSync(join(source, "index.ts"), "utf8");
  return [...index.matchAll(/^export \{([^}]*)\} from "\.\/([^"]+)";$/gm)].flatMap(([, names = "", file = ""]) =>
    names
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== "" && !name.startsWith("type "))
      .map((name) => {
        const [local = "", exported = local] = name.split(" as ");
        return { name: exported, local, file: join(source, file) };
      })
      .filter(({ local, file: path }) => readFileSync(path, "utf8").includes(`export function ${local}(`)),
  );
}

/** Files that index.ts leads to by static and dynamic imports, and the packages among them. */
export function importClosure(): { readonly files: readonly string[]; readonly packages: ReadonlySet<string> } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string): void => {
    if (files.has(file)) return;
    files.add(file);
    const text = readFileSync(file, "utf8");
    const imports = text.matchAll(/^(?:import|export)\b(?! type)[^;]*?from\s+"([^"]+)"|\bimport\("([^"]+)"\)/gms);
    for (const [, named, loaded] of imports) {
      const to = named ?? loaded ?? "";
      if (to.startsWith(".")) visit(join(dirname(file), to));
      else packages.add(to);
    }
  };
  visit(join(source, "index.ts"));
  return { files: [...files].map((file) => file.slice(source.length)), packages };
}
