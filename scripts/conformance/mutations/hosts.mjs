import { respell } from "./spellings.mjs";

const internal = (address) => ({ type: "InternalIP", address });
const external = (address) => ({ type: "ExternalIP", address });

const addressLists = [
  [],
  [{ type: "Hostname", address: "node1" }],
  [external("198.51.100.11")],
  [external("2001:db8:9::11"), internal("192.0.2.11")],
  [internal("192.0.2.11"), internal("192.0.2.12"), internal("2001:db8::11")],
  [internal("2001:db8::11"), internal("192.0.2.11")],
  [internal("node1.example.com"), internal("192.0.2.11")],
  [internal("192.000.002.011")],
  [internal("::ffff:192.0.2.11")],
  [internal("2001:DB8:0:0::11"), external("198.51.100.11")],
];

const hostAddresses = [
  "192.0.2.11",
  "192.0.2.77",
  "10.0.0.7",
  "172.31.0.11",
  "127.0.0.1",
  "127.0.0.53",
  "198.51.100.40",
  "2001:db8::11",
  "2001:db8:1::7",
  "fe80::5054:ff:fe12:3456",
  "::1",
  "2001:DB8:0::77",
];

function add(state, document) {
  state.documents.push(document);
}

export const hostMutations = {
  "zone of the node": ({ node }, random) => {
    const zone = random.pick([undefined, "", "zone-b", "zone-z"]);
    node.metadata.labels ??= {};
    if (zone === undefined) delete node.metadata.labels["topology.kubernetes.io/zone"];
    else node.metadata.labels["topology.kubernetes.io/zone"] = zone;
  },
  "addresses of the node": ({ node }, random) => {
    node.status.addresses = random.pick(addressLists);
  },
  "pod ranges of the node": ({ node }, random) => {
    const ranges = random.pick([
      [],
      ["10.244.1.0/24"],
      ["fd00:10:244:1::/64"],
      ["fd00:10:244:1::/64", "10.244.1.0/24"],
      ["10.244.1.7/24"],
      ["010.244.1.0/24"],
    ]);
    delete node.spec.podCIDR;
    delete node.spec.podCIDRs;
    if (ranges.length > 0) Object.assign(node.spec, { podCIDR: ranges[0], podCIDRs: ranges });
  },
  "no Node": (state) => {
    state.documents = state.documents.filter(({ kind }) => kind !== "Node");
  },
  "another Node": (state, random) => {
    // Nodes without the one that is asked for are refused by design; none at all are not.
    if (!state.documents.includes(state.node)) return;
    const other = structuredClone(state.node);
    other.metadata.name = "node2";
    other.status.addresses = random.pick(addressLists);
    other.metadata.labels = { "topology.kubernetes.io/zone": "zone-b" };
    add(state, other);
  },
  "the host": (state, random) => {
    const addresses = random.shuffled(random.some(hostAddresses, 0.5));
    const host = {
      apiVersion: "portolan/v1alpha1",
      kind: "Host",
      metadata: { name: "node1" },
      addresses: addresses.map((ip) => (ip.includes(":") && random.chance(0.3) ? respell(ip, random) : ip)),
      features: { randomFully: random.chance(0.5), nfacct: random.chance(0.5) },
    };
    if (random.chance(0.2)) delete host.addresses;
    state.documents = state.documents.filter(({ kind }) => kind !== "Host");
    add(state, host);
  },
};
