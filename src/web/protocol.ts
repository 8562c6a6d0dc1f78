import type { Diagnostic, KubeProxyVersion, PacketExplanation, ProxyMode, TrafficDiff } from "../index.ts";

/** A file of the editor: manifests, or what a tool printed on a node. */
export interface TextFile {
  readonly name: string;
  readonly text: string;
}

/** How the state is completed and compiled. */
export interface Settings {
  readonly mode: ProxyMode | undefined;
  readonly version: KubeProxyVersion | undefined;
  /** The node whose rules are shown; undefined: the first. */
  readonly node: string | undefined;
  /** How many Nodes are simulated. */
  readonly nodes: number;
  /** Simulated nodes that are down. */
  readonly down: readonly string[];
  /** Replicas of workloads by `namespace/name`. */
  readonly scale: Readonly<Record<string, number>>;
}

export const defaultSettings: Settings = {
  mode: undefined,
  version: undefined,
  node: undefined,
  nodes: 3,
  down: [],
  scale: {},
};

/** A packet in the words of `portolan explain packet`. */
export interface PacketQuestion {
  readonly from: string;
  readonly to: string;
}

/** A range of a file, as offsets into its text. */
export interface FileRange {
  readonly file: string;
  readonly from: number;
  readonly to: number;
}

/** What the page asks of the worker; the answer has the same id. */
export type Question =
  | ({ readonly kind: "analyse" } & Side)
  /** On the state that was analysed last. */
  | { readonly kind: "packets"; readonly packets: readonly PacketQuestion[] }
  | { readonly kind: "problems" }
  | {
      readonly kind: "diff";
      readonly base: Side;
      readonly head: Side;
    }
  | ({ readonly kind: "redact" } & Side)
  /** Where fields of objects are in the files: `Service shop/web`, `spec.ports[0].port`. */
  | { readonly kind: "places"; readonly fields: readonly FieldName[] };

export interface Side {
  readonly files: readonly TextFile[];
  readonly settings: Settings;
}

export interface FieldName {
  readonly object: string;
  readonly field: string;
}

export interface Answers {
  readonly analyse: Analysis;
  readonly packets: readonly PacketResult[];
  readonly problems: readonly Problem[];
  readonly diff: DiffAnswer;
  readonly redact: readonly TextFile[];
  readonly places: readonly (FileRange | undefined)[];
}

export interface PacketResult {
  readonly question: PacketQuestion;
  readonly explanation: PacketExplanation | undefined;
  readonly problem: string | undefined;
}

export interface Problem extends Pick<Diagnostic, "severity" | "message" | "object" | "field" | "hint"> {
  /** `syntax` where the text cannot be read. */
  readonly code: string;
  readonly place: FileRange | undefined;
  /** The place's line and column, from 1. */
  readonly at: string | undefined;
}

export interface DiffAnswer {
  readonly diff: TrafficDiff | undefined;
  readonly problem: string | undefined;
}

/** What one state gives, apart from its problems. */
export interface Analysis {
  readonly picture: Picture;
  readonly rules: readonly RuleFile[];
  /** The mode that was compiled. */
  readonly mode: string | undefined;
  /** The node that was compiled; undefined where there are errors. */
  readonly node: string | undefined;
  /** `3 Nodes, 8 Pods`; undefined where nothing was simulated. */
  readonly simulated: string | undefined;
  /** Errors, which keep the state from being compiled. */
  readonly errors: readonly Problem[];
}

/** The objects of a state as the map shows them. */
export interface Picture {
  readonly services: readonly ServicePicture[];
  readonly nodes: readonly string[];
  /** Those that are ready come first. */
  readonly pods: readonly string[];
  readonly workloads: readonly WorkloadPicture[];
}

export interface WorkloadPicture {
  readonly name: string;
  readonly replicas: number;
}

export interface ServicePicture {
  /** `shop/frontend` */
  readonly name: string;
  readonly type: string;
  readonly ports: readonly PortPicture[];
  readonly endpoints: readonly EndpointPicture[];
}

export interface PortPicture {
  /** Its name, else its number. */
  readonly name: string;
  readonly protocol: string;
  readonly doors: readonly Door[];
}

/** An address on which a service port answers. */
export interface Door {
  readonly kind: "cluster IP" | "node port" | "load balancer IP" | "external IP";
  /** `10.96.0.10:80`; of a node port `:30080`. */
  readonly address: string;
}

export interface EndpointPicture {
  readonly address: string;
  readonly pod: string | undefined;
  readonly node: string | undefined;
  readonly ready: boolean;
}

export interface RuleFile {
  readonly name: string;
  /** `iptables-restore --noflush`; undefined for a part of a dump. */
  readonly command: string | undefined;
  readonly lines: readonly string[];
  /** For each line the number of its origin in `origins`, or -1. */
  readonly originOf: readonly number[];
  readonly origins: readonly FieldName[];
}
