/** The public API: pure, and without `node:`, so that it runs in a browser. */
// biome-ignore lint/performance/noBarrelFile: the package's one entry
export { type Compilation, type CompileOptions, compile } from "./compile/compile.ts";
export { type Code, catalog } from "./diagnostics/catalog.ts";
export type { Diagnostic, RelatedPlace, Severity } from "./diagnostics/diagnostic.ts";
export type { Origin } from "./diagnostics/place.ts";
export type { CompilerOptions } from "./incremental/advance.ts";
export { type Compiler, createCompiler, type Update } from "./incremental/create-compiler.ts";
export type { ObjectChanges, RemovedObject } from "./incremental/read-changes.ts";
export type { LineOrigin, Script, ScriptStep, Step } from "./ir/step.ts";
export type { Family } from "./model/address.ts";
export type { ProxyMode } from "./model/proxy-configuration/proxy-configuration.ts";
