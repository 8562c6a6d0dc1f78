import type { CatalogPart } from "./entry.ts";

export const proxyConfigurationCodes = {
  "proxy-config-wrong-kind": {
    severity: "error",
    message: "{got} is not a KubeProxyConfiguration of kubeproxy.config.k8s.io/v1alpha1",
    explanation:
      "kube-proxy reads one document of exactly this apiVersion and kind, and does not start with any other.",
  },
  "proxy-config-several": {
    severity: "error",
    message: "there is more than one KubeProxyConfiguration",
    hint: "pass one with --proxy-config; it replaces a ConfigMap in the input",
    explanation: "A node has only one configuration.",
  },
  "proxy-config-map-empty": {
    severity: "warning",
    message: "the ConfigMap kube-proxy has no config.conf: kube-proxy's defaults are used",
    explanation:
      "kubeadm keeps the configuration under the key config.conf. Clusters created by other tools keep it elsewhere; pass it with --proxy-config.",
  },
  "proxy-config-value-refused": {
    severity: "error",
    message: "{field} {rule}; kube-proxy does not start with {got}",
    explanation: "kube-proxy validates its configuration and exits on this value (pkg/proxy/apis/config/validation).",
  },
  "proxy-mode-invalid": {
    severity: "error",
    message: "mode must be iptables, ipvs, nftables or empty, not {got}",
    explanation: "An empty mode means iptables. The userspace mode was removed in 1.26.",
  },
  "ipvs-scheduler-unknown": {
    severity: "error",
    message: "the kernel has no IPVS scheduler {got}; kube-proxy does not start",
    explanation:
      "kube-proxy accepts any text, then looks for the kernel module ip_vs_NAME and does not start in ipvs mode without it. Linux has rr, wrr, lc, wlc, fo, ovf, lblc, lblcr, dh, sh, mh, sed, nq and twos.",
  },
  "interface-name-invalid": {
    severity: "error",
    message:
      "{got} cannot be an interface name: at most 15 printable ASCII characters without blanks, quotes, '/' and '\\'",
    explanation: "kube-proxy accepts the value, but iptables-restore rejects the resulting rules.",
  },
  "feature-gate-refused": {
    severity: "error",
    message: "feature gate {gate} is {fault} in 1.36: kube-proxy does not start",
    explanation:
      "kube-proxy rejects unknown feature gates, and rejects changes to gates that are locked to a value (GA features).",
  },
  "detect-local-ignored": {
    severity: "warning",
    message: "{field} has no effect with detectLocalMode {mode}",
    explanation:
      "Each detectLocalMode reads one field: ClusterCIDR reads clusterCIDR, BridgeInterface and InterfaceNamePrefix read theirs under detectLocal, NodeCIDR reads the Node.",
  },
} as const satisfies CatalogPart;
