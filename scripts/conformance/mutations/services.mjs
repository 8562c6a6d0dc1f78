import { respell } from "./spellings.mjs";

const withClusterIP = ({ spec }) => spec.clusterIPs !== undefined && spec.clusterIPs[0] !== "None";
const isOutside = ({ spec }) => spec.type === "NodePort" || spec.type === "LoadBalancer";

const oddRanges = [
  "10.1.2.3/8",
  "010.0.0.0/08",
  "192.0.2.11/24",
  " 192.0.2.11/32 ",
  "0.0.0.0/0",
  "1.2.3.4/0",
  "::/0",
  "2001:DB8::0:11/64",
  "::ffff:192.0.2.0/120",
  "2001:db8::/127",
  "198.51.100.0/31",
  "\t172.16.9.9/12",
];

export const serviceMutations = {
  "source ranges": ({ services }, random) => {
    for (const { spec } of services.filter(({ spec }) => spec.type === "LoadBalancer")) {
      if (random.chance(0.6)) spec.loadBalancerSourceRanges = random.shuffled(random.some(oddRanges, 0.25));
    }
  },
  "ingress addresses on any type": ({ services }, random) => {
    for (const { status } of random.some(services.filter(withClusterIP), 0.4)) {
      const addresses = [`203.0.113.${100 + random.below(100)}`, `2001:db8:cafe::f${random.below(100)}`];
      const ingress = random
        .some(addresses, 0.7)
        .map((ip) => ({ ip: random.chance(0.3) ? respell(ip, random) : ip, ipMode: "VIP" }));
      if (random.chance(0.2)) ingress.push({ hostname: "lb.example.com" });
      if (random.chance(0.2)) ingress.push(...ingress.slice(0, 1));
      for (const entry of random.some(ingress, 0.2)) delete entry.ipMode;
      status.loadBalancer = { ingress };
    }
  },
  "spellings of cluster IPs": ({ services }, random) => {
    for (const { spec } of random.some(services.filter(withClusterIP), 0.4)) {
      spec.clusterIPs = spec.clusterIPs.map((ip) => respell(ip, random));
      spec.clusterIP = spec.clusterIPs[0];
    }
  },
  "external IPs": ({ services }, random) => {
    const addresses = ["198.51.100.40", "192.0.2.11", "10.96.0.200", "2001:db8:ee::40", "2001:db8::11"];
    for (const { spec } of random.some(services.filter(withClusterIP), 0.3)) {
      const own = random.some(addresses, 0.3);
      spec.externalIPs = own.map((ip) => (random.chance(0.3) ? respell(ip, random) : ip));
      if (own.length > 0) spec.externalTrafficPolicy ??= random.pick(["Cluster", "Local"]);
      else if (!isOutside({ spec })) delete spec.externalTrafficPolicy;
    }
  },
  "another proxy's Services": ({ services }, random) => {
    for (const { metadata } of random.some(services, 0.2)) {
      metadata.labels = { ...metadata.labels, "service.kubernetes.io/service-proxy-name": random.pick(["", "other"]) };
    }
  },
  "affinity timeouts": ({ services }, random) => {
    for (const { spec } of random.some(services.filter(withClusterIP), 0.5)) {
      spec.sessionAffinity = "ClientIP";
      spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: random.pick([1, 59, 3600, 86400]) } };
    }
  },
  "node ports outside the range": ({ services }, random) => {
    let port = 1 + random.below(20000);
    for (const { spec } of services.filter(isOutside)) {
      for (const each of spec.ports) {
        port += 1;
        if (each.nodePort) each.nodePort = port;
      }
    }
  },
  "traffic policies": ({ services }, random) => {
    for (const { spec } of services.filter(withClusterIP)) {
      if (random.chance(0.5)) spec.internalTrafficPolicy = random.pick(["Local", "Cluster"]);
      if (spec.externalTrafficPolicy) spec.externalTrafficPolicy = random.pick(["Local", "Cluster"]);
      if (spec.externalTrafficPolicy !== "Local") delete spec.healthCheckNodePort;
    }
  },
};
