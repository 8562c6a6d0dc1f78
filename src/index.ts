/** The public API: pure, and without `node:`, so that it runs in a browser. */
// biome-ignore lint/performance/noBarrelFile: the package's one entry
export { type Check, type CheckOptions, check } from "./check/check.ts";
export type { StateOptions } from "./compile/compile.ts";
export { type Compilation, type CompileOptions, compile } from "./compile/compile.ts";
export { type Code, catalog } from "./diagnostics/catalog.ts";
export type { Diagnostic, RelatedPlace, Severity } from "./diagnostics/diagnostic.ts";
export type { Origin } from "./diagnostics/place.ts";
export { type DiffInput, type DiffOptions, type DiffResult, diff } from "./diff/diff.ts";
export type { TrafficChange, TrafficDiff } from "./diff/traffic-diff.ts";
export type { NodeExplanation } from "./explain/explain-node.ts";
export { explainObject, type ObjectAnswer, type ObjectName } from "./explain/explain-object.ts";
export type { ObjectExplanation } from "./explain/explain-service.ts";
export {
  explainPacketIn as explainPacket,
  type PacketAnswer,
  type PacketOptions,
  type PacketRequest,
} from "./explain/packet/explain-packet-in.ts";
export type { PacketExplanation } from "./explain/packet/packet-explanation.ts";
export type { CompilerOptions } from "./incremental/advance.ts";
export { type Compiler, createCompiler, type Update } from "./incremental/create-compiler.ts";
export type { ObjectChanges, RemovedObject } from "./incremental/read-changes.ts";
export type { HostDocument, LineOrigin, Script, ScriptStep, Step } from "./ir/artifact.ts";
export type { Family } from "./model/address.ts";
export { type Location, locate } from "./model/documents/locate.ts";
export { type ReadDocuments, readDocuments } from "./model/documents/read-documents.ts";
export type { SourceDocument, SourceText } from "./model/documents/source.ts";
export { type KubeProxyVersion, kubeProxyVersions } from "./model/proxy-configuration/kube-proxy-version.ts";
export { type ProxyMode, proxyModes } from "./model/proxy-configuration/proxy-configuration.ts";
export { type DumpProblem, type ParsedDump, parseDump } from "./reconcile/live/parse-dump.ts";
export { type ScriptTextOptions, scriptText } from "./report/script.ts";
export { isBare } from "./simulate/is-bare.ts";
export { type Simulation, type SimulationOptions, simulate } from "./simulate/simulate.ts";
export { type Snapshot, type SnapshotOptions, snapshot } from "./snapshot/make-snapshot.ts";
export type { Tour, TourFinding, TourService } from "./tour/tour.ts";
export { type TourResult, tour } from "./tour/tour-objects.ts";
