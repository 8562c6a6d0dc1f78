import { sha512 } from "@noble/hashes/sha2.js";

/** The chains of portmap's iptables back end that all pods share, in table nat of each family. */
export const portmapChains = {
  dnat: "CNI-HOSTPORT-DNAT",
  setMark: "CNI-HOSTPORT-SETMARK",
  masquerade: "CNI-HOSTPORT-MASQ",
} as const;

/** The table of its nftables back end, one in each family. */
export const portmapTable = "cni_hostport";

export const podChainPrefix = "CNI-DN-";
const longestChain = 28;

/** The chain of one pod: `CNI-DN-` and the start of the SHA-512 of its network's name and its container's ID, in hex. */
export function podChain(network: string, containerId: string): string {
  const digest = sha512(new TextEncoder().encode(network + containerId));
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${podChainPrefix}${hex}`.slice(0, longestChain);
}
