import type { CatalogPart } from "./entry.ts";

export const simulateCodes = {
  "state-simulated": {
    severity: "info",
    message: "parts of this state are invented: {what}",
    hint: "what is given stays as it is; a cluster would choose other addresses, ports and nodes",
    explanation:
      "portolan simulate, and --simulate, fill in what plain manifests lack: Nodes, Pods of workloads, EndpointSlices, cluster IPs, node ports and load balancer addresses. Each comes from the name of what it is for, so that a change of one object leaves the others alone. What is invented is named in the annotation portolan/simulated: the word object for a whole object, else its fields. apply and plan refuse such a state unless told --allow-simulated. The scheduler is taken to know nodeSelector, taints and cordons, and nothing of affinity, resources or spread constraints; every pod is taken to run and to be ready.",
  },
  "state-simulated-refused": {
    severity: "error",
    message: "parts of this state are invented, and a host would really get them",
    hint: "use the state of the cluster, or say --allow-simulated on a host for trying out",
    explanation:
      "plan and apply are about a real host. A state that portolan simulate made, or --simulate, holds addresses and ports that no cluster has given out: rules of them would lead nowhere, or to somebody else.",
  },
  "simulate-range-full": {
    severity: "error",
    message: "no {what} is left in {range}",
    hint: "give a larger range: --service-cidr, --service-node-port-range",
    explanation:
      "A cluster gives each Service an address, or a port, of its own. There are more Services than the range holds, so an API server would refuse the last ones.",
  },
  "simulate-no-range": {
    severity: "error",
    message: "the Service asks for an {family} address, and --service-cidr has no {family} range",
    hint: "give one of each family, such as --service-cidr 10.96.0.0/16,fd00:10:96::/112",
    explanation:
      "ipFamilies, or ipFamilyPolicy RequireDualStack, asks for a family that the cluster to simulate has not. An API server would refuse the Service.",
  },
  "simulate-node-full": {
    severity: "error",
    message: "no address for pods is left on node {node} (its range: {range})",
    hint: "give more nodes (--nodes), or a larger range (--pod-cidr)",
    explanation:
      "Each pod gets an address of the range of its node. There are more pods than addresses, or the range has no part for this node.",
  },
  "simulate-ranges-overlap": {
    severity: "warning",
    message: "the range of {what}, {range}, has addresses of that of {other}, {otherRange}",
    hint: "say --pod-cidr and --service-cidr so that they have no address in common",
    explanation:
      "Addresses are drawn from each range for itself, so two things may get the same one; a packet to it is then not for one of them alone. Nodes get theirs from 198.18.0.0/16 and 2001:db8:18::/112, load balancers from 198.19.0.0/16 and 2001:db8:19::/112.",
  },
  "simulate-pods-pending": {
    severity: "warning",
    message: "no node takes the pods of {object}: they have no address, and are no endpoints",
    hint: "see its nodeSelector and tolerations against the labels and taints of the Nodes",
    explanation:
      "The nodeSelector of a pod has to match the labels of a Node, its tolerations the taints; a cordoned Node takes none but those of DaemonSets. As in a cluster, pods that no node takes stay pending.",
  },
  "simulate-unknown-name": {
    severity: "error",
    message: "{flag} {name}: there is no such {what}",
    explanation:
      "--fail takes the name of a Node or of a Pod, --scale that of a workload: NAME, or NAMESPACE/NAME where several namespaces have one.",
  },
  "workload-selector-mismatch": {
    severity: "error",
    message: "the selector of {object} does not select the pods of its own template",
    hint: "the labels in spec.template.metadata.labels have to hold those of spec.selector",
    explanation:
      "A controller counts the pods that its selector finds; if those of its template are not among them it would make pods for ever. The API server refuses such an object, and one without a selector in apps/v1.",
  },
  "workload-replicas-invalid": {
    severity: "error",
    message: "spec.{field} has to be a whole number from 0 to {most}, and is {got}",
    explanation:
      "The API server refuses a count of pods that is negative, no whole number or a text. No cluster has as many pods as the most that one workload may have here; more is a slip of the finger.",
  },
  "workload-old-version": {
    severity: "warning",
    message: "{kind} of {version} makes no pods: clusters serve {wanted} alone",
    explanation: "Workloads have left extensions/v1beta1 and apps/v1beta1 and v1beta2 for good with Kubernetes 1.16.",
  },
  "template-not-rendered": {
    severity: "error",
    message: "this is a template, not a manifest: {text}",
    hint: "render it first: helm template RELEASE CHART | portolan ... -f -",
    explanation:
      "Text in double braces is for Helm, or another template engine, to fill in. Nothing can be said of a Service before that.",
  },
} as const satisfies CatalogPart;
