import { cluster, node, replaced, service, slice } from "../../../harness/cluster-text.ts";

export interface BadInput {
  /** `code file:line:column` of every error. */
  readonly errors: readonly string[];
  readonly text: string | Uint8Array;
  readonly file?: string;
  /** Part of what is said. */
  readonly says?: string;
}

const bomb = ["a: &a [x, x, x, x, x, x, x, x, x]"];
for (const [before, name] of ["ab", "bc", "cd", "de", "ef", "fg"]) {
  bomb.push(`${name}: &${name} [${Array(9).fill(`*${before}`).join(", ")}]`);
}

export const inService = (old: string, by: string): string => [node, replaced(service, old, by), slice].join("---\n");
export const inSlice = (old: string, by: string): string => [node, service, replaced(slice, old, by)].join("---\n");
export const config = (field: string): string =>
  `${cluster}---\napiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n${field}\n`;
export const second = replaced(replaced(service, "name: web", "name: api"), "10.96.0.10", "10.96.0.11");

/** What is wrong, the text, and what is said about it where. */
export const cases: Readonly<Record<string, BadInput>> = {
  "an empty file": { text: "", errors: ["input-empty in.yaml:1:1"] },
  "only comments": { text: "# nothing\n---\n# at all\n", errors: ["input-empty in.yaml:1:1"] },
  "a list": { text: "- a\n- b\n", errors: ["document-not-a-mapping in.yaml:1:1"], says: "not a list" },
  "a string": { text: "hello\n", errors: ["document-not-a-mapping in.yaml:1:1"], says: 'the string "hello"' },
  "a number after a document": { text: `${cluster}---\n42\n`, errors: ["document-not-a-mapping in.yaml:34:1"] },
  "a null item of a List": {
    text: "apiVersion: v1\nkind: List\nitems:\n- null\n",
    errors: ["document-not-a-mapping in.yaml:4:3"],
    says: "not null",
  },
  "a List of no list": { text: "apiVersion: v1\nkind: List\nitems: web\n", errors: ["field-wrong-type in.yaml:3:8"] },
  "no kind": { text: "apiVersion: v1\nmetadata: {name: a}\n", errors: ["document-without-kind in.yaml:1:1"] },
  "kind of a wrong type": { text: "apiVersion: v1\nkind: [a]\n", errors: ["field-wrong-type in.yaml:2:1"] },
  "truncated YAML": {
    text: "apiVersion: v1\nkind: Node\nmetadata: {name: a\n",
    errors: ["syntax-invalid in.yaml:4:1"],
  },
  "truncated JSON": { text: '{"kind": "Node",\n "metadata": {', errors: ["syntax-invalid in.yaml:2:15"] },
  "bad JSON": {
    text: '{"kind": "Node",\n "metadata" {}}',
    file: "in.json",
    errors: ["syntax-invalid in.json:2:13"],
    says: "expected a colon",
  },
  "JSON that goes wrong on its second line": {
    text: '{"apiVersion": "v1", "kind": "X"}\n{"apiVersion": v1}\n',
    file: "in.json",
    errors: ["syntax-invalid in.json:2:16"],
  },
  "a tab as indentation": {
    text: "kind: Node\nmetadata:\n\tname: a\n",
    errors: ["syntax-invalid in.yaml:3:1"],
    says: "Tabs are not allowed",
  },
  "a key twice": {
    text: inService("  clusterIP: 10.96.0.10", "  clusterIP: 10.96.0.10\n  clusterIP: 10.96.0.11"),
    errors: ["syntax-invalid in.yaml:17:3"],
    says: "Map keys must be unique",
  },
  "a key twice in flow style": { text: "{kind: Node, kind: Node}\n", errors: ["syntax-invalid in.yaml:1:2"] },
  "an alias bomb": { text: `${bomb.join("\n")}\n`, errors: ["syntax-invalid in.yaml:7:36"], says: "aliases" },
  "an anchor that contains itself": {
    text: inService("  name: web\n", "  name: web\n  annotations: &a {x: *a}\n"),
    errors: ["syntax-invalid in.yaml:13:23"],
    says: "the anchor &a contains itself",
  },
  "nesting in valid JSON": {
    text: `{"apiVersion": "v1", "kind": "Service", "metadata": ${'{"a":'.repeat(5000)}1${"}".repeat(5001)}`,
    errors: ["syntax-invalid in.yaml:1:2553"],
    says: "levels of nesting",
  },
  "an alias without its anchor": { text: "kind: Node\nmetadata: *nothing\n", errors: ["syntax-invalid in.yaml:2:11"] },
  "an unclosed quote": { text: 'kind: "Node\n', errors: ["syntax-invalid in.yaml:2:1"] },
  "nesting without end": { text: `${"[".repeat(20_000)}\n`, errors: ["syntax-invalid in.yaml:1:502"] },
  "not UTF-8": { text: new Uint8Array([0x61, 0xff, 0xfe]), errors: ["input-not-text in.yaml"] },
  "a zero byte": { text: "kind: No\0de\n", errors: ["input-not-text in.yaml"] },
  "one object twice": {
    text: `${cluster}---\n${node}`,
    errors: ["object-duplicate in.yaml:34:1"],
    says: "= first definition at in.yaml:1:1",
  },
  "no name": { text: inService("  name: web\n", ""), errors: ["object-without-name in.yaml:11:1"] },
  "a Service that is a list": {
    text: inService("spec:", "spec: []\nstatus:"),
    errors: ["field-wrong-type in.yaml:14:1", "service-without-ports in.yaml:14:1"],
  },
  "IPv6 in an IPv4 field": {
    text: inService("clusterIP: 10.96.0.10", 'clusterIP: "fd00::10"\n  ipFamilies: [IPv4]'),
    errors: ["ip-wrong-family in.yaml:16:14"],
  },
  "IPv6 in an IPv4 slice": { text: inSlice("10.0.1.5", '"fd00::5"'), errors: ["ip-wrong-family in.yaml:29:15"] },
  "two octets": { text: inService("10.96.0.10", '"10.1"'), errors: ["ip-invalid in.yaml:16:14"] },
  "two octets that are a number": { text: inService("10.96.0.10", "10.1"), errors: ["field-wrong-type in.yaml:16:14"] },
  "an octet above 255": { text: inSlice("10.0.1.5", "10.0.0.300"), errors: ["ip-invalid in.yaml:29:15"] },
  "a zone": { text: inSlice("10.0.1.5", '"fe80::1%eth0"'), errors: ["ip-invalid in.yaml:29:15"] },
  "loopback as endpoint": { text: inSlice("10.0.1.5", "127.0.0.1"), errors: ["ip-special in.yaml:29:15"] },
  "port 0": { text: inService("port: 80", "port: 0"), errors: ["port-out-of-range in.yaml:18:11"] },
  "port 65536": { text: inService("port: 80", "port: 65536"), errors: ["port-out-of-range in.yaml:18:11"] },
  "nodePort 65536": { text: inService("30080", "65536"), errors: ["port-out-of-range in.yaml:19:15"] },
  "slice port 65536": { text: inSlice("8080", "65536"), errors: ["port-out-of-range in.yaml:32:9"] },
  "slice port -1": { text: inSlice("8080", "-1"), errors: ["port-out-of-range in.yaml:32:9"] },
  "two ports without names": {
    text: inService("    nodePort: 30080", "    nodePort: 30080\n  - port: 81\n    nodePort: 30081"),
    errors: ["service-port-unnamed in.yaml:18:5", "service-port-unnamed in.yaml:20:5"],
  },
  "protocol HTTP": {
    text: inService("port: 80", "port: 80\n    protocol: HTTP"),
    errors: ["value-not-supported in.yaml:19:15"],
    says: "TCP, UDP, SCTP",
  },
  "protocol HTTP in a slice": {
    text: inSlice("port: 8080", "port: 8080\n  protocol: HTTP"),
    errors: ["value-not-supported in.yaml:33:13"],
  },
  "a nodePort taken twice": {
    text: `${cluster}---\n${second}`,
    errors: ["node-port-taken in.yaml:44:15"],
    says: "= first use at in.yaml:19:15",
  },
  "a clusterIP taken twice": {
    text: `${cluster}---\n${replaced(replaced(second, "10.96.0.11", "10.96.0.10"), "30080", "30081")}`,
    errors: ["cluster-ip-taken in.yaml:41:14"],
    says: "= first use at in.yaml:16:14",
  },
  "a masquerade bit of nftables too high": {
    text: config("mode: nftables\nnftables: {masqueradeBit: 32}"),
    errors: ["proxy-config-value-refused in.yaml:37:27"],
  },
  "a ServiceCIDR with host bits": {
    text: `${cluster}---\n{apiVersion: networking.k8s.io/v1, kind: ServiceCIDR, metadata: {name: a}, spec: {cidrs: [10.96.0.1/16]}}\n`,
    errors: ["service-cidr-not-canonical in.yaml:34:91"],
  },
  "an unknown mode": { text: config("mode: userspace"), errors: ["proxy-mode-invalid in.yaml:36:7"] },
  "a masquerade bit too high": {
    text: config("iptables: {masqueradeBit: 32}"),
    errors: ["proxy-config-value-refused in.yaml:36:27"],
  },
  "a clusterCIDR that is none": {
    text: config("clusterCIDR: 10.0.0.1"),
    errors: ["proxy-config-value-refused in.yaml:36:14"],
  },
  "an unknown detectLocalMode": { text: config("detectLocalMode: X"), errors: ["value-not-supported in.yaml:36:18"] },
  "a duration without unit": {
    text: config('iptables:\n  syncPeriod: "30"'),
    errors: ["proxy-config-value-refused in.yaml:37:15"],
  },
  "an unknown feature gate": {
    text: config("featureGates: {AllAlfa: true}"),
    errors: ["feature-gate-refused in.yaml:36:16"],
    says: "did you mean AllAlpha?",
  },
  "two configurations": {
    text: config("---\napiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration"),
    errors: ["proxy-config-several in.yaml:37:1"],
  },
};
