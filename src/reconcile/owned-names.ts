import { chains as iptablesChains } from "../programs/kube-proxy/iptables/chains.ts";
import { chains as ipvsChains } from "../programs/kube-proxy/ipvs/chains.ts";
import { setKeys, setName } from "../programs/kube-proxy/ipvs/sets.ts";

/** kube-proxy's own flush detector. Portolan makes none; it stays until all of a family's rules go. */
export const proxyCanary = "KUBE-PROXY-CANARY";

const fixedChains = new Set<string>([...Object.values(iptablesChains), ...Object.values(ipvsChains), proxyCanary]);

/** KUBE-XLB was the external chain until Kubernetes 1.25. */
const servicePortChain = /^KUBE-(?:SVC|SVL|SEP|EXT|FW|XLB)-[A-Z2-7]{16}$/;

/** Whether kube-proxy, and so Portolan, makes a chain of this name, in either mode. All others are somebody else's. */
export function isOwnedChain(name: string): boolean {
  return name.startsWith("KUBE-") && (fixedChains.has(name) || servicePortChain.test(name));
}

/** Whether the chain belongs to one service port alone. */
export function isServicePortChain(name: string): boolean {
  return servicePortChain.test(name);
}

/** The kubelet's own flush detector: where it stands, KUBE-FIREWALL is the kubelet's as well. */
export const kubeletCanary = "KUBE-KUBELET-CANARY";

/** A set takes the place of another of its name by way of such a name; one that is left over is ours too. */
export const swapSetPrefix = "KUBE-SWAP-";

const ownedSets = new Set(setKeys.flatMap((key) => [setName(key, "ipv4"), setName(key, "ipv6")]));

export function isOwnedSet(name: string): boolean {
  return ownedSets.has(name) || name.startsWith(swapSetPrefix);
}

/** The device that carries the service addresses of the ipvs mode. */
export const addressDevice = "kube-ipvs0";
