/**
 * Two service ports on one address and port are one virtual server, and which of them kube-proxy fills it for depends
 * on the order of a Go map. So addresses that another Service has, or that node ports are on, are taken away.
 */
export function dropSharedAddresses({ services }) {
  const owners = new Map();
  const isFree = (ip, { protocol, port }, owner) => {
    const key = `${canonical(ip)} ${protocol} ${port}`;
    if (owners.has(key) && owners.get(key) !== owner) return false;
    owners.set(key, owner);
    return true;
  };
  for (const service of services) {
    for (const ip of service.spec.clusterIPs ?? []) for (const port of portsOf(service)) isFree(ip, port, service);
  }
  const nodePorts = new Set(services.flatMap(portsOf).map(({ protocol, nodePort }) => `${protocol} ${nodePort}`));
  const isOwn = (service) => (ip) =>
    portsOf(service).every((port) => !nodePorts.has(`${port.protocol} ${port.port}`) && isFree(ip, port, service));
  for (const service of services) {
    const { spec, status } = service;
    if (spec.externalIPs !== undefined) {
      spec.externalIPs = spec.externalIPs.filter(isOwn(service));
      const isOutside = spec.externalIPs.length > 0 || ["NodePort", "LoadBalancer"].includes(spec.type);
      if (!isOutside) delete spec.externalTrafficPolicy;
    }
    const ingress = status?.loadBalancer?.ingress;
    if (ingress === undefined) continue;
    status.loadBalancer.ingress = ingress.filter(({ ip }) => ip === undefined || isOwn(service)(ip));
  }
}

function portsOf({ spec }) {
  return (spec.ports ?? []).map((port) => ({ ...port, protocol: port.protocol ?? "TCP" }));
}

function canonical(ip) {
  const text = ip.trim().replace(/^::ffff:(?=.*\.)/i, "");
  if (!text.includes(":")) return text.split(".").map(Number).join(".");
  return new URL(`http://[${text}]`).hostname;
}
