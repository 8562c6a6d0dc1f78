import { respell } from "./spellings.mjs";

const conditionSets = [
  undefined,
  {},
  { ready: true },
  { ready: false },
  { ready: true, serving: false, terminating: false },
  { ready: false, serving: true, terminating: true },
  { ready: false, terminating: true },
  { serving: true, terminating: true },
  { ready: true, serving: true, terminating: false },
];

function setConditions(endpoint, random) {
  const conditions = random.pick(conditionSets);
  if (conditions === undefined) delete endpoint.conditions;
  else endpoint.conditions = { ...conditions };
}

function add(state, slice) {
  state.slices.push(slice);
  state.documents.push(slice);
}

function copyOf(slice, suffix) {
  const copy = structuredClone(slice);
  copy.metadata.name += suffix;
  return copy;
}

/** Applied in this order: what changes endpoints comes before what copies slices. */
export const sliceMutations = {
  "endpoints twice in one slice": ({ slices }, random) => {
    for (const { endpoints } of slices.filter(({ endpoints }) => endpoints?.length > 0)) {
      const again = structuredClone(random.some(endpoints, 0.3));
      for (const endpoint of again) setConditions(endpoint, random);
      endpoints.push(...again);
    }
  },
  conditions: ({ slices }, random) => {
    for (const endpoint of slices.flatMap(({ endpoints }) => endpoints ?? [])) {
      if (random.chance(0.5)) setConditions(endpoint, random);
    }
  },
  "spellings of endpoint addresses": ({ slices }, random) => {
    for (const endpoint of slices.flatMap(({ endpoints }) => endpoints ?? [])) {
      if (!random.chance(0.3)) continue;
      const [first, ...others] = endpoint.addresses;
      endpoint.addresses = [respell(first, random), ...others];
    }
  },
  "node names of endpoints": ({ slices }, random) => {
    for (const endpoint of slices.flatMap(({ endpoints }) => endpoints ?? [])) {
      const nodeName = random.pick(["node1", "node2", "elsewhere", undefined, endpoint.nodeName]);
      if (nodeName === undefined) delete endpoint.nodeName;
      else endpoint.nodeName = nodeName;
    }
  },
  "hints on every endpoint": ({ slices }, random) => {
    for (const { endpoints } of random.some(slices, 0.6)) {
      const isOnNodes = random.chance(0.5);
      for (const endpoint of endpoints ?? []) {
        const forZones = random.some(["zone-a", "zone-b", ""], 0.5).map((name) => ({ name: name || "zone-c" }));
        endpoint.hints = { forZones };
        if (isOnNodes) endpoint.hints.forNodes = [{ name: random.pick(["node1", "node2"]) }];
        if (random.chance(0.05)) delete endpoint.hints;
      }
    }
  },
  "labels of slices": ({ slices }, random) => {
    for (const { metadata } of random.some(slices, 0.3)) {
      const kind = random.below(4);
      if (kind === 0) delete metadata.labels["kubernetes.io/service-name"];
      else if (kind === 1) metadata.labels["kubernetes.io/service-name"] = "nobody";
      else if (kind === 2) metadata.labels["service.kubernetes.io/headless"] = random.pick(["", "true", "false"]);
      else metadata.namespace = "elsewhere";
    }
  },
  "ports of slices": ({ slices }, random) => {
    for (const { ports } of slices) {
      for (const port of ports ?? []) {
        const kind = random.below(12);
        if (kind === 0) delete port.port;
        else if (kind === 1) port.protocol = random.pick(["TCP", "UDP", "SCTP"]);
        else if (kind === 2) port.port = random.pick([1, 65535]);
      }
    }
  },
  "slices that are not for us": (state, random) => {
    for (const slice of random.some(state.slices, 0.2)) {
      const copy = copyOf(slice, "-fqdn");
      copy.addressType = "FQDN";
      copy.endpoints = [{ addresses: ["backend.example.com"], conditions: { ready: true } }];
      add(state, copy);
    }
  },
  "endpoints in two slices": (state, random) => {
    for (const slice of random.some(state.slices, 0.3)) {
      const copy = copyOf(slice, "-again");
      const addresses = new Set(random.some(copy.endpoints ?? [], 0.7).map((endpoint) => endpoint.addresses[0]));
      // All entries of an address or none: kube-proxy's choice between slices that disagree is random.
      copy.endpoints = (copy.endpoints ?? []).filter((endpoint) => addresses.has(endpoint.addresses[0]));
      add(state, copy);
    }
  },
};

/** The iptables mode leaves comments out where there are more than 1000 endpoints. */
export const largeClusterMutations = {
  "a large cluster": (state, random) => {
    const slice = state.slices.find(
      ({ addressType, metadata }) => addressType === "IPv4" && metadata.labels?.["kubernetes.io/service-name"],
    );
    if (slice === undefined) return;
    const wanted = 995 + random.below(12) - state.slices.flatMap(({ endpoints }) => endpoints ?? []).length;
    const copy = copyOf(slice, "-large");
    copy.endpoints = Array.from({ length: Math.max(wanted, 0) }, (_, index) => ({
      addresses: [`10.245.${index >> 8}.${index & 255}`],
      conditions: { ready: random.chance(0.9) },
    }));
    add(state, copy);
  },
};
