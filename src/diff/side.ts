import type { HostTexts, NodeEnvironment } from "../datapath/host.ts";
import type { ProxyMode } from "../model/proxy-configuration/proxy-configuration.ts";
import type { SideLabel, SourcePlace } from "./traffic-diff.ts";

/** One of the two states that a diff compares, whatever it was read from: what each of its hosts is programmed with. */
export interface Side {
  readonly label: SideLabel;
  /** In order of name, each name once. */
  readonly nodes: readonly SideNode[];
  /** What reading it took for granted. One sentence each, without a full stop. */
  readonly assumptions: readonly string[];
}

export interface SideNode {
  /** The Node's name; of a dump the host's, or the file's where a bare iptables-save names none. */
  readonly name: string;
  /** Undefined where a dump does not tell. */
  readonly mode: ProxyMode | undefined;
  /** Compiled texts are named as `compile --out-dir` names its files, those of a dump as the file they were read from. */
  readonly texts: HostTexts;
  readonly world: NodeEnvironment;
  /** Whose it is, by `10.96.0.1:80/tcp`, `[fd00::1]:80/tcp` or `*:30080/tcp` (a node port). Empty for dumps. */
  readonly services: ReadonlyMap<string, ServiceAt>;
  /** What the state knows of an endpoint, by `10.244.3.4:8080` or `[fd00::4]:8080`. Empty for dumps. */
  readonly endpoints: ReadonlyMap<string, EndpointAt>;
  /** Pod CIDRs of the other nodes, by node name: what a class of sources is called. */
  readonly podRangesOf: ReadonlyMap<string, readonly string[]>;
}

export interface ServiceAt {
  /** `shop/web:http` */
  readonly name: string;
  /** Where that is written. Finding the line means parsing the file again: ask only for what is shown. */
  readonly source: () => SourcePlace | undefined;
}

export interface EndpointAt {
  /** `web-7d9-abc`, without the namespace. */
  readonly pod: string | undefined;
  readonly node: string | undefined;
}
