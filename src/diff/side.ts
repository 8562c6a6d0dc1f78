import type { HostTexts, NodeEnvironment } from "../datapath/host.ts";
import type { ProxyMode } from "../model/proxy-configuration/proxy-configuration.ts";
import type { SideObject } from "./changed-fields.ts";
import type { SideLabel, SourcePlace } from "./traffic-diff.ts";

/** One of the two states of a diff, with the rules of each of its hosts. */
export interface Side {
  readonly label: SideLabel;
  /** In order of name, each name once. */
  readonly nodes: readonly SideNode[];
  /** Assumptions made when it was read. One sentence each, without a full stop. */
  readonly assumptions: readonly string[];
}

export interface SideNode {
  /** The Node's name; of a dump the host's, or the file's where a bare iptables-save contains none. */
  readonly name: string;
  /** Undefined where a dump does not show the mode. */
  readonly mode: ProxyMode | undefined;
  /** Compiled texts have the file names of `compile --out-dir`, those of a dump the name of their file. */
  readonly texts: HostTexts;
  readonly world: NodeEnvironment;
  /** The Service, by `10.96.0.1:80/tcp`, `[fd00::1]:80/tcp` or `*:30080/tcp` (a node port). Empty for dumps. */
  readonly services: ReadonlyMap<string, ServiceAt>;
  /** Pod and node of an endpoint, by `10.244.3.4:8080` or `[fd00::4]:8080`. Empty for dumps. */
  readonly endpoints: ReadonlyMap<string, EndpointAt>;
  /** What decides about the traffic of a Service `shop/web`. Empty for dumps. */
  readonly objectsOf: (service: string) => readonly SideObject[];
  /** Pod CIDRs of the other nodes, by node name: used to name classes of sources. */
  readonly podRangesOf: ReadonlyMap<string, readonly string[]>;
}

export interface ServiceAt {
  /** `shop/web:http` */
  readonly name: string;
  /** Its place in the input. Finding the line parses the file again: call it only for what is shown. */
  readonly source: () => SourcePlace | undefined;
}

export interface EndpointAt {
  /** `web-7d9-abc`, without the namespace. */
  readonly pod: string | undefined;
  readonly node: string | undefined;
}
