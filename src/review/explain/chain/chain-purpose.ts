import { isOwnedChain } from "../../../changes/owned/owned-names.ts";
import { builtInChains } from "../../../tools/iptables/built-in-chains.ts";

/** What a chain of one service port is for, by the start of its name; completes "it ...". */
const ownPurposes: Readonly<Record<string, (service: string) => string>> = {
  SVC: (service) => `spreads traffic for ${service} over its endpoints in the cluster`,
  SVL: (service) => `spreads traffic for ${service} over its endpoints on this node`,
  EXT: (service) => `takes traffic for ${service} from outside: node port, external and load balancer IPs`,
  FW: (service) => `admits sources to the load balancer IPs of ${service}`,
  SEP: (service) => `sends to one endpoint of ${service}`,
  XLB: (service) => `took traffic for ${service} from outside, until Kubernetes 1.25`,
};

const fixedPurposes: Readonly<Record<string, string>> = {
  "nat KUBE-SERVICES": "takes what is for the address and port of a service port; node ports come last",
  "filter KUBE-SERVICES": "turns away what is for a cluster IP that no endpoint here answers for",
  "filter KUBE-EXTERNAL-SERVICES": "turns away what comes from outside for a service port without endpoints here",
  "nat KUBE-NODEPORTS": "tells by its port which service port a packet to an address of this node is for",
  "filter KUBE-NODEPORTS": "lets health checks of load balancers in",
  "nat KUBE-NODE-PORT": "marks what is for a node port to be masqueraded, where its source is not kept",
  "filter KUBE-NODE-PORT": "lets health checks of load balancers in",
  "nat KUBE-POSTROUTING": "masquerades the packets that are marked for it, as they leave",
  "nat KUBE-MARK-MASQ": "marks a packet, so that KUBE-POSTROUTING masquerades it",
  "nat KUBE-LOAD-BALANCER": "marks what is for a load balancer IP to be masqueraded, where its source is not kept",
  "filter KUBE-FORWARD": "lets forwarded packets of services pass, and drops those that conntrack calls invalid",
  "filter KUBE-PROXY-FIREWALL": "drops what no source range of a load balancer has admitted",
  "filter KUBE-SOURCE-RANGES-FIREWALL": "drops what no source range of a load balancer admits",
  "filter KUBE-FIREWALL": "keeps neighbours from 127.0.0.0/8; the kubelet's, made by kube-proxy as well",
  "filter KUBE-IPVS-FILTER": "keeps the host's own ports off the service addresses that it carries",
  "filter KUBE-IPVS-OUT-FILTER": "keeps this node from load balancer IPs whose source ranges leave it out",
};

const canaries = new Set(["KUBE-PROXY-CANARY", "KUBE-KUBELET-CANARY"]);

/** What a chain is for, completing "it ...". `service` is the service port whose it is, where one is known. */
export function chainPurpose(table: string, name: string, service: string | undefined): string {
  const [, kind = ""] = /^KUBE-(SVC|SVL|EXT|FW|SEP|XLB)-[A-Z2-7]{16}$/.exec(name) ?? [];
  const own = ownPurposes[kind];
  if (own !== undefined) return own(service ?? "a service port that nothing here names");
  const fixed = fixedPurposes[`${table} ${name}`];
  if (fixed !== undefined) return fixed;
  if (canaries.has(name)) return "holds no rules: it is there so that somebody notices when all rules are flushed";
  if (builtInChains.has(name)) return "is the kernel's own: every packet that comes this way meets it";
  return isOwnedChain(name) ? "is one of kube-proxy's" : "is somebody else's: neither kube-proxy nor Portolan makes it";
}
