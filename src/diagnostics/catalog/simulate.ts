import type { CatalogPart } from "./entry.ts";

export const simulateCodes = {
  "state-simulated": {
    severity: "info",
    message: "simulated: {what}{advice}",
    explanation:
      "portolan simulate, and --simulate, add what plain manifests lack: Nodes, Pods of workloads, EndpointSlices, cluster IPs, node ports and load balancer addresses. Your values are kept; a cluster would choose other addresses, ports and nodes. Bare manifests are simulated without --simulate: they have no EndpointSlice, Endpoints or Node, and no object has a field that only a cluster fills in, such as clusterIP, uid or status. --no-simulate takes them as they are. Each simulated value is derived from the name of its object, so changing one object does not affect the others. The annotation portolan/simulated lists what is simulated: the word object for a whole object, otherwise its fields. apply, plan and verify reject a simulated state unless --allow-simulated is passed. The simulated scheduler uses nodeSelector, taints and cordons, but not affinity, resources or spread constraints. All pods are assumed to be running and ready.",
  },
  "state-simulated-refused": {
    severity: "error",
    message: "parts of this state are simulated, and this would program them on a real host",
    hint: "use the state of the cluster, or pass --allow-simulated on a test host (--no-simulate: bare manifests as they are)",
    explanation:
      "plan and apply work on a real host. A simulated state has addresses and ports that no cluster has allocated: their rules would send traffic nowhere, or to hosts that have nothing to do with the Service.",
  },
  "simulate-range-full": {
    severity: "error",
    message: "no {what} is left in {range}",
    hint: "pass a larger range: --service-cidr, --service-node-port-range",
    explanation:
      "A cluster allocates a unique address or port for each Service. There are more Services than the range has room for, so the API server would reject the last ones.",
  },
  "simulate-no-range": {
    severity: "error",
    message: "the Service needs an {family} address, but --service-cidr has no {family} range",
    hint: "pass one range per family, such as --service-cidr 10.96.0.0/16,fd00:10:96::/112",
    explanation:
      "ipFamilies, or ipFamilyPolicy RequireDualStack, requires a family that the simulated cluster does not have. The API server would reject the Service.",
  },
  "simulate-node-full": {
    severity: "error",
    message: "no pod address is left on node {node} (its range: {range})",
    hint: "pass more nodes (--nodes), or a larger range (--pod-cidr)",
    explanation:
      "Each pod gets an address from the range of its node. There are more pods than addresses, or the pod CIDR is too small to give this node a range.",
  },
  "simulate-ranges-overlap": {
    severity: "warning",
    message: "the range of {what}, {range}, overlaps the range of {other}, {otherRange}",
    hint: "choose --pod-cidr and --service-cidr without common addresses",
    explanation:
      "Addresses are chosen from each range independently, so two objects may get the same address, and packets to it would be ambiguous. Nodes use 198.18.0.0/16 and 2001:db8:18::/112, load balancers use 198.19.0.0/16 and 2001:db8:19::/112.",
  },
  "simulate-pods-pending": {
    severity: "warning",
    message: "no node can run the pods of {object}: they stay pending and are not endpoints",
    hint: "compare its nodeSelector and tolerations with the labels and taints of the Nodes",
    explanation:
      "The nodeSelector of a pod must match the labels of a Node, and its tolerations must match the taints. A cordoned Node accepts only pods of DaemonSets. As in a cluster, pods that fit no node stay pending and have no address.",
  },
  "simulate-unknown-name": {
    severity: "error",
    message: "{flag} {name}: no {what} has this name",
    explanation:
      "--fail takes the name of a Node or a Pod, and --scale takes the name of a workload: NAME, or NAMESPACE/NAME if the name exists in several namespaces.",
  },
  "workload-selector-mismatch": {
    severity: "error",
    message: "the selector of {object} does not match the labels of its own pod template",
    hint: "add the labels of spec.selector to spec.template.metadata.labels",
    explanation:
      "A controller counts the pods that its selector matches. If its own pods do not match, it would create pods without end. The API server rejects such an object, and an apps/v1 object without a selector.",
  },
  "workload-replicas-invalid": {
    severity: "error",
    message: "spec.{field} must be a whole number from 0 to {most}, not {got}",
    explanation:
      "The API server rejects a replica count that is negative, not a whole number or a string. The upper limit is Portolan's own: it is above the pod count of any real cluster, so a larger number is a typing error.",
  },
  "workload-old-version": {
    severity: "warning",
    message: "{kind} of {version} creates no pods: clusters serve only {wanted}",
    explanation: "Kubernetes 1.16 removed workloads from extensions/v1beta1, apps/v1beta1 and apps/v1beta2.",
  },
  "template-not-rendered": {
    severity: "error",
    message: "this is a template, not a manifest: {text}",
    hint: "render it first: helm template RELEASE CHART | portolan ... -f -",
    explanation:
      "Helm or another template engine must fill in the text in double braces before Portolan can read the manifest.",
  },
} as const satisfies CatalogPart;
