/** What versions of kube-proxy decide differently, measured with the real ones. */
export interface VersionTraits {
  /** The release whose rules were compared. */
  readonly release: string;
  /** nodePortAddresses: the keywords `localhost` and `all`, and `primary` beside other values. */
  readonly hasNodePortKeywords: boolean;
  /** MASQUERADE always has --random-fully, whatever the host's iptables supports. */
  readonly alwaysRandomFully: boolean;
  /** In nftables mode the only endpoint of a service port is a plain `dnat`, without numgen. */
  readonly plainSingleEndpoint: boolean;
  /** The earlier version whose hidden metrics can be shown. */
  readonly hiddenMetrics: string;
}

const traits = {
  "1.36": {
    release: "1.36.3",
    hasNodePortKeywords: false,
    alwaysRandomFully: false,
    plainSingleEndpoint: false,
    hiddenMetrics: "1.35",
  },
  "1.37": {
    release: "1.37.2",
    hasNodePortKeywords: true,
    alwaysRandomFully: true,
    plainSingleEndpoint: true,
    hiddenMetrics: "1.36",
  },
} as const satisfies Readonly<Record<string, VersionTraits>>;

/** The versions of kube-proxy whose rules can be compiled, oldest first. */
export type KubeProxyVersion = keyof typeof traits;

export const kubeProxyVersions = Object.keys(traits) as readonly KubeProxyVersion[];

export const defaultKubeProxyVersion: KubeProxyVersion = "1.37";

export function versionTraits(version: KubeProxyVersion): VersionTraits {
  return traits[version];
}
