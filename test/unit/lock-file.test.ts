import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

interface LockFile {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/**
 * What keeps `npm ci` from working on another platform, or lets `npm install` change the file: npm 11 leaves out optional
 * packages of other platforms when node_modules/ was there before the lock file (npm/cli#4828).
 */
function lockProblems({ packages }: LockFile): readonly string[] {
  return Object.entries(packages).flatMap(([path, locked]) => {
    const needed = { ...locked.dependencies, ...locked.devDependencies, ...locked.optionalDependencies };
    return [
      ...Object.keys(needed)
        .filter((name) => !placesFor(path, name).some((place) => packages[place] !== undefined))
        .map((name) => `${path}: ${name} has no entry`),
      ...(path !== "" && locked.integrity === undefined ? [`${path}: no integrity`] : []),
      ...(locked.resolved !== undefined ? [`${path}: resolved to an address`] : []),
    ];
  });
}

/** Where Node.js looks for a package: below the one that needs it, then in each node_modules/ above. */
function placesFor(path: string, name: string): readonly string[] {
  const parts = path.split("/node_modules/");
  const above = parts.map((_, index) => parts.slice(0, parts.length - index).join("/node_modules/"));
  return [...above, ""].map((parent) => (parent === "" ? `node_modules/${name}` : `${parent}/node_modules/${name}`));
}

describe("package-lock.json", () => {
  const text = readFileSync(new URL("../../package-lock.json", import.meta.url), "utf8");
  const lock: LockFile = JSON.parse(text);

  it("has every package that another names, of all platforms, with integrity and without an address", () => {
    expect(lockProblems(lock)).toEqual([]);
  });

  it("is checked for optional packages of other platforms", () => {
    const { "node_modules/@biomejs/cli-darwin-arm64": _, ...packages } = lock.packages;
    expect(lockProblems({ packages })).toEqual(["node_modules/@biomejs/biome: @biomejs/cli-darwin-arm64 has no entry"]);
  });

  it("is checked for integrity and addresses, and finds packages in folders above", () => {
    const packages = {
      "": { dependencies: { a: "1", b: "1" } },
      "node_modules/a": { integrity: "sha512-a", dependencies: { b: "1", c: "1" } },
      "node_modules/a/node_modules/c": { integrity: "sha512-c", dependencies: { b: "1", d: "1" } },
      "node_modules/b": { resolved: "https://registry.example/b.tgz" },
    };
    expect(lockProblems({ packages })).toEqual([
      "node_modules/a/node_modules/c: d has no entry",
      "node_modules/b: no integrity",
      "node_modules/b: resolved to an address",
    ]);
  });
});
