import { describe, expect, it } from "vitest";
import { findInTexts } from "../../harness/find-faults.ts";

const nat = (...lines: readonly string[]): string =>
  ["*nat", ":PREROUTING ACCEPT [0:0]", ":POSTROUTING ACCEPT [0:0]", ...lines, "COMMIT", ""].join("\n");
const filter = (...lines: readonly string[]): string =>
  ["*filter", ":INPUT ACCEPT [0:0]", ...lines, "COMMIT", ""].join("\n");
const find = (text: string): readonly string[] => findInTexts({ rules: text });

describe("chain-empty", () => {
  const sep = (letter: string) => `KUBE-SEP-${letter.repeat(16)}`;
  const svc = `KUBE-SVC-${"B".repeat(16)}`;
  const service = (...endpointRules: readonly string[]): string =>
    nat(
      `:${svc} - [0:0]`,
      `:${sep("C")} - [0:0]`,
      `:${sep("D")} - [0:0]`,
      `-A PREROUTING -d 10.96.0.1/32 -j ${svc}`,
      `-A ${svc} -m statistic --mode random --probability 0.50000000000 -j ${sep("C")}`,
      `-A ${svc} -j ${sep("D")}`,
      ...endpointRules,
    );
  const to = (chain: string): string => `-A ${chain} -p tcp -m tcp -j DNAT --to-destination 10.0.0.1:80`;

  it("names each chain of a service port that packets are sent to and that is empty, once", () => {
    expect(find(service(to(sep("C")), to(sep("D"))))).toEqual([]);
    expect(find(service(to(sep("C"))))).toEqual([expect.stringMatching(/^chain-empty /)]);
    expect(find(service()).filter((one) => one.startsWith("chain-empty"))).toHaveLength(2);
  });
});

/** Rules of INPUT, and whether the last of them is never reached. */
const order: readonly (readonly [name: string, unreachable: boolean, ...rules: readonly string[]])[] = [
  ["after a verdict without conditions", true, "-j ACCEPT", "-s 10.0.0.1/32 -j DROP"],
  ["after a verdict with a comment only", true, '-m comment --comment "all" -j ACCEPT', "-j DROP"],
  ["after a RETURN", true, "-j RETURN", "-j DROP"],
  ["after a chance of one", true, "-m statistic --mode random --probability 1.00000000000 -j DROP", "-j ACCEPT"],
  ["after a chance of less", false, "-m statistic --mode random --probability 0.99999999953 -j DROP", "-j ACCEPT"],
  ["in a narrower network", true, "-s 10.0.0.0/8 -j DROP", "-s 10.1.0.0/16 -p tcp -j ACCEPT"],
  ["in a wider network", false, "-s 10.1.0.0/16 -j DROP", "-s 10.0.0.0/8 -j ACCEPT"],
  ["in the other direction", false, "-s 10.0.0.0/8 -j DROP", "-d 10.1.0.0/16 -j ACCEPT"],
  ["outside of a narrower network", true, "! -s 10.1.0.0/16 -j DROP", "! -s 10.0.0.0/8 -j ACCEPT"],
  ["in a network outside of another", true, "! -s 10.0.0.0/8 -j DROP", "-s 192.0.2.0/24 -j ACCEPT"],
  ["in a network inside of a negated one", false, "! -s 10.0.0.0/8 -j DROP", "-s 10.1.0.0/16 -j ACCEPT"],
  ["with another protocol", false, "-p tcp -j DROP", "-p udp -j ACCEPT"],
  ["with a port of the range", true, "-p tcp -m tcp --dport 1:1024 -j DROP", "-p tcp -m tcp --dport 80 -j ACCEPT"],
  ["with a port outside", false, "-p tcp -m tcp --dport 1:1024 -j DROP", "-p tcp -m tcp --dport 8080 -j ACCEPT"],
  ["with another port than not one", true, "-p tcp -m tcp ! --dport 22 -j DROP", "-p tcp -m tcp --dport 80 -j ACCEPT"],
  ["from an interface of a pattern", true, "-i eth+ -j DROP", "-i eth0 -j ACCEPT"],
  ["to another interface", false, "-o eth0 -j DROP", "-o eth1 -j ACCEPT"],
  ["with fewer states", true, "-m conntrack --ctstate NEW,INVALID -j DROP", "-m conntrack --ctstate NEW -j ACCEPT"],
  ["with the same mark", true, "-m mark --mark 0x1/0x1 -j DROP", "-m mark --mark 0x1/0x1 -j ACCEPT"],
  [
    "with a mark that is set in between",
    false,
    "-m mark --mark 0x1/0x1 -j DROP",
    "-j MARK --set-xmark 0x1/0x1",
    "-m mark --mark 0x1/0x1 -j ACCEPT",
  ],
  ["after a limit", false, "-m limit --limit 5/min -j DROP", "-m limit --limit 5/min -j ACCEPT"],
  ["after a rule that only counts", false, "-s 10.0.0.0/8", "-s 10.0.0.0/8 -j DROP"],
  ["after a jump that comes back", false, "-j RETURNS", "-j DROP"],
  ["after a jump that decides", true, "-p tcp -j DECIDES", "-p tcp -s 10.0.0.1/32 -j DROP"],
  ["after a jump that decides something else", false, "-j DECIDES", "-s 10.0.0.1/32 -j DROP"],
  ["after a jump to a chain that may return before", false, "-p tcp -j HESITATES", "-p tcp -j DROP"],
  ["after a goto", true, "-g RETURNS", "-j DROP"],
  ["with the same outcome", false, "-s 10.0.0.0/8 -j DROP", "-s 10.1.0.0/16 -j DROP"],
  ["that does nothing", false, "-j ACCEPT", "-s 10.1.0.0/16"],
];
const chains = [":RETURNS - [0:0]", ":DECIDES - [0:0]", ":HESITATES - [0:0]"];
const ownRules = [
  "-A RETURNS -s 10.9.0.0/16 -j ACCEPT",
  "-A DECIDES -p tcp -j ACCEPT",
  "-A HESITATES -m mark --mark 0x1 -j RETURN",
  "-A HESITATES -j ACCEPT",
];

describe("a rule that no packet gets to", () => {
  it.each(order)("%s: %s", (_, unreachable, ...rules) => {
    const lines = [...chains, ...ownRules, ...rules.map((rule) => `-A INPUT ${rule}`)];
    const last = 2 + lines.length;
    expect(find(filter(...lines))).toEqual(unreachable ? [`rule-unreachable rules:${last}`] : []);
  });

  it("is one finding with all others behind the same rule", () => {
    expect(find(filter("-A INPUT -j ACCEPT", ...Array<string>(50).fill("-A INPUT -s 10.0.0.1/32 -j DROP")))).toEqual([
      "rule-unreachable rules:4",
    ]);
  });
});

const svc = "KUBE-SVC-AAAAAAAAAAAAAAAA";
const sep = (letter: string): string => `KUBE-SEP-${letter.repeat(16)}`;
const declared = [svc, sep("A"), sep("B")].map((name) => `:${name} - [0:0]`);
const seps = [sep("A"), sep("B")].map((name) => `-A ${name} -p tcp -m tcp -j DNAT --to-destination 10.0.1.5:80`);
const into = `-A PREROUTING -d 10.96.0.10/32 -j ${svc}`;
const half = "-m statistic --mode random --probability 0.50000000000";
const shares = (...rules: readonly string[]): string =>
  nat(...declared, into, ...seps, ...rules.map((rule) => `-A ${svc} ${rule}`));
const marking = (bit: string): string =>
  nat(
    ":KUBE-MARK-MASQ - [0:0]",
    ":KUBE-POSTROUTING - [0:0]",
    "-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000",
    "-A POSTROUTING -j KUBE-POSTROUTING",
    `-A KUBE-POSTROUTING -m mark ! --mark ${bit}/${bit} -j RETURN`,
    "-A KUBE-POSTROUTING -j MASQUERADE",
  );
const server = "-A -t 10.96.0.10:80 -s rr\n";

const faults: Readonly<
  Record<
    string,
    readonly [
      has: string | Readonly<Record<string, string>>,
      hasNot: string | Readonly<Record<string, string>>,
      place: string,
    ]
  >
> = {
  "load-balancing-incomplete": [
    shares(`${half} -j ${sep("A")}`, `${half} -j ${sep("B")}`),
    shares(`${half} -j ${sep("A")}`, `-j ${sep("B")}`),
    "rules:11",
  ],
  "jump-target-missing": [filter("-A INPUT -j GONE"), filter("-A INPUT -j TRACE"), "rules:3"],
  "chain-loop": [
    filter(":A - [0:0]", ":B - [0:0]", "-A A -j B", "-A B -j A"),
    filter(":A - [0:0]", ":B - [0:0]", "-A A -j B", "-A A -j B"),
    "rules:6",
  ],
  "target-misplaced": [
    nat(":X - [0:0]", "-A PREROUTING -j X", "-A X -j MASQUERADE"),
    nat(":X - [0:0]", "-A POSTROUTING -j X", "-A X -j MASQUERADE"),
    "rules:6",
  ],
  "set-missing": [
    { rules: filter("-A INPUT -m set --match-set A src -j DROP"), sets: "create B hash:ip family inet\n" },
    { rules: filter("-A INPUT -m set --match-set A src -j DROP"), sets: "create A hash:ip family inet\n" },
    "rules:3",
  ],
  "chain-unused": [nat(...declared.slice(0, 1)), nat(...declared.slice(0, 1), into, `-A ${svc} -j RETURN`), "rules:4"],
  "chain-unreachable": [
    nat(":KUBE-SERVICES - [0:0]", "-A KUBE-SERVICES -j MARK --set-xmark 0x1/0x1"),
    nat(":KUBE-SERVICES - [0:0]", "-A KUBE-SERVICES -j MARK --set-xmark 0x1/0x1", "-A PREROUTING -j KUBE-SERVICES"),
    "rules:4",
  ],
  "masquerade-mark-unused": [marking("0x8000"), marking("0x4000"), "rules:6"],
  "virtual-server-unbound": [
    {
      ipvs: server,
      "ipset.restore": "create KUBE-CLUSTER-IP hash:ip,port\nadd KUBE-CLUSTER-IP 10.96.0.10,tcp:80\n",
      "addresses.batch": "addr replace 10.96.0.11/32 dev kube-ipvs0\n",
    },
    {
      ipvs: server,
      "ipset.restore": "create KUBE-CLUSTER-IP hash:ip,port\nadd KUBE-CLUSTER-IP 10.96.0.10,tcp:80\n",
      "addresses.batch": "addr replace 10.96.0.10/32 dev kube-ipvs0\n",
    },
    "ipvs:1",
  ],
};

describe("a rule about text", () => {
  const texts = (text: string | Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
    typeof text === "string" ? { rules: text } : text;
  it.each(Object.entries(faults))("%s", (code, [has, hasNot, place]) => {
    expect(findInTexts(texts(has))).toEqual([`${code} ${place}`]);
    expect(findInTexts(texts(hasNot))).toEqual([]);
  });

  it("target-misplaced in another table", () => {
    expect(find(filter("-A INPUT -j DNAT --to-destination 10.0.0.1"))).toEqual(["target-misplaced rules:3"]);
    expect(find(nat("-A PREROUTING -j REJECT"))).toEqual(["target-misplaced rules:4"]);
  });

  it("a sample of packets in a chain of somebody else is no leak", () => {
    expect(find(nat(":X - [0:0]", `-A PREROUTING ${half} -j X`))).toEqual([]);
  });
});

describe("texts that hold several", () => {
  it("of both families, one after the other", () => {
    const text = `# Generated by iptables-save v1.8.9\n${filter("-A INPUT -j ACCEPT", "-A INPUT -j DROP")}# Generated by ip6tables-save v1.8.9\n${filter("-A INPUT -j ACCEPT", "-A INPUT -j DROP")}`;
    expect(find(text)).toEqual(["rule-unreachable rules:5", "rule-unreachable rules:11"]);
  });

  it("under headings, as compile writes them", () => {
    const text = `==> iptables.restore <==\n${filter("-A INPUT -j ACCEPT", "-A INPUT -j DROP")}`;
    expect(find(text)).toEqual(["rule-unreachable rules:5"]);
  });

  it("broken and cut off", () => {
    expect(find(filter("-A INPUT -j ACCEPT", "nonsense"))).toEqual(["dump-line-broken rules:4"]);
    expect(find("*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -s 10.")).toEqual(["dump-line-broken rules:1"]);
    expect(find("==> portolan collect v1alpha1 <==\n")).toEqual(["dump-line-broken rules:1"]);
    expect(find("hello\n")).toEqual(["dump-unrecognised rules:1"]);
    expect(find("")).toEqual(["dump-unrecognised rules:1"]);
  });
});
