/** What a load balancer does to connections before a node sees them. */
export type BalancerTask = "PROXY protocol" | "TLS termination";

interface TaskAnnotation {
  readonly task: BalancerTask;
  /** The values that ask for it; undefined: any but an empty one. */
  readonly values?: RegExp;
}

const proxy = (values = /^(?!(?:|false|off|no|none|0)$)/i): TaskAnnotation => ({ task: "PROXY protocol", values });
const tls = (values?: RegExp): TaskAnnotation => ({ task: "TLS termination", ...(values && { values }) });
const secure = /\b(?:https|http2|http3|ssl|tls)\b/i;

const beta = "service.beta.kubernetes.io";

/** By annotation, as the cloud controllers document them. Those of clouds whose balancers leave connections alone have none. */
const annotations: Readonly<Record<string, TaskAnnotation>> = {
  // AWS: cloud-provider-aws and aws-load-balancer-controller.
  [`${beta}/aws-load-balancer-proxy-protocol`]: proxy(),
  [`${beta}/aws-load-balancer-target-group-attributes`]: proxy(/proxy_protocol_v2\.enabled=true/),
  [`${beta}/aws-load-balancer-ssl-cert`]: tls(),
  // DigitalOcean.
  [`${beta}/do-loadbalancer-enable-proxy-protocol`]: proxy(),
  [`${beta}/do-loadbalancer-certificate-id`]: tls(),
  [`${beta}/do-loadbalancer-certificate-name`]: tls(),
  [`${beta}/do-loadbalancer-protocol`]: tls(secure),
  // Hetzner Cloud.
  "load-balancer.hetzner.cloud/uses-proxyprotocol": proxy(),
  "load-balancer.hetzner.cloud/protocol": tls(secure),
  // OpenStack.
  "loadbalancer.openstack.org/proxy-protocol": proxy(),
  "loadbalancer.openstack.org/default-tls-container-ref": tls(),
  // Linode, OVHcloud, Scaleway, Vultr.
  [`${beta}/linode-loadbalancer-default-proxy-protocol`]: proxy(),
  [`${beta}/linode-loadbalancer-proxy-protocol`]: proxy(),
  [`${beta}/ovh-loadbalancer-proxy-protocol`]: proxy(),
  "loadbalancer.ovhcloud.com/proxy-protocol": proxy(),
  [`${beta}/scw-loadbalancer-proxy-protocol-v1`]: proxy(),
  [`${beta}/scw-loadbalancer-proxy-protocol-v2`]: proxy(),
  [`${beta}/scw-loadbalancer-certificate-ids`]: tls(),
  [`${beta}/vultr-loadbalancer-proxy-protocol`]: proxy(),
  [`${beta}/vultr-loadbalancer-ssl`]: tls(),
  // Alibaba Cloud, IBM Cloud, Oracle.
  [`${beta}/alibaba-cloud-loadbalancer-proxy-protocol`]: proxy(),
  [`${beta}/alibaba-cloud-loadbalancer-cert-id`]: tls(),
  "service.kubernetes.io/ibm-load-balancer-cloud-provider-enable-features": proxy(/proxy-protocol/),
  [`${beta}/oci-load-balancer-connection-proxy-protocol-version`]: proxy(),
  [`${beta}/oci-load-balancer-ssl-ports`]: tls(),
};

/** The names of all of these annotations. */
export const balancerAnnotations: readonly string[] = Object.keys(annotations);

export interface BalancerRequest {
  readonly annotation: string;
  readonly task: BalancerTask;
}

/** What the annotations of a Service ask its load balancer to do, each task once. */
export function readBalancerTasks(given: Readonly<Record<string, string>>): readonly BalancerRequest[] {
  const tasks = new Map<BalancerTask, BalancerRequest>();
  for (const [annotation, { task, values = /./ }] of Object.entries(annotations)) {
    const value = given[annotation]?.trim();
    if (value !== undefined && values.test(value) && !tasks.has(task)) tasks.set(task, { annotation, task });
  }
  return [...tasks.values()];
}
