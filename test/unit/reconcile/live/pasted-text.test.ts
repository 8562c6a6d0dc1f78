import { describe, expect, it } from "vitest";
import { placedText, textsUnder } from "../../../../src/ir/artifact.ts";
import { parseLinks } from "../../../../src/languages/iproute.ts";
import { parseSets } from "../../../../src/languages/ipset/text.ts";
import { canonicalRule } from "../../../../src/languages/iptables/canonical-rule.ts";
import { readTables } from "../../../../src/languages/iptables/read-tables.ts";
import { parseServers } from "../../../../src/languages/ipvs/text.ts";
import { readRuleset } from "../../../../src/languages/nftables/read-ruleset.ts";
import { collectedDocument, printDocument } from "../../../../src/reconcile/live/collected-document.ts";
import { type ParsedDump, parseDump } from "../../../../src/reconcile/live/parse-dump.ts";

const rules = `-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A KUBE-SERVICES -d 10.96.0.10/32 -p udp -m comment --comment "kube-system/kube-dns:dns cluster IP" -m udp --dport 53 -j KUBE-SVC-TCOU7JCQXEZGVUNU
-A KUBE-SVC-TCOU7JCQXEZGVUNU -m comment --comment "kube-system/kube-dns:dns -> 10.244.0.2:53" -j KUBE-SEP-GIBGG7IOLCPELKQ5
-A KUBE-SEP-GIBGG7IOLCPELKQ5 -p udp -m comment --comment "kube-system/kube-dns:dns" -m udp -j DNAT --to-destination 10.244.0.2:53`;
const chains = ["KUBE-SERVICES", "KUBE-SVC-TCOU7JCQXEZGVUNU", "KUBE-SEP-GIBGG7IOLCPELKQ5"];
const save = `*nat
:PREROUTING ACCEPT [0:0]
${chains.map((name) => `:${name} - [0:0]\n`).join("")}${rules}
COMMIT
`;
const listed = `-P PREROUTING ACCEPT
-P INPUT ACCEPT
-P OUTPUT ACCEPT
-P POSTROUTING ACCEPT
${chains.map((name) => `-N ${name}\n`).join("")}${rules}
`;

function rulesOf({ hosts }: ParsedDump, heading = "iptables-save"): ReadonlyMap<string, readonly string[]> {
  const texts = hosts.flatMap((host) => textsUnder(host, heading));
  const { tables, problems } = readTables(texts);
  expect(problems.filter(({ kind }) => kind !== "other-backend")).toEqual([]);
  const all = [...tables].flatMap(([table, own]) => [...own.values()].map((chain) => [table, chain] as const));
  return new Map(
    all
      .filter(([, { lines }]) => lines.length > 0)
      .map(([table, { name, lines }]) => [`${table} ${name}`, lines.map(canonicalRule)]),
  );
}

const parse = (text: string, name = "pasted.txt"): ParsedDump => parseDump([{ name, text }]);
const expected = rulesOf(parse(save));
const eachLine = (change: (line: string) => string) => (text: string) =>
  text
    .split("\n")
    .map((line) => (line === "" ? line : change(line)))
    .join("\n");

const surroundings: Readonly<Record<string, (text: string) => string>> = {
  nothing: (text) => text,
  "a prompt": (text) => `root@node1:~# iptables-save -t nat\n${text}root@node1:~#\n`,
  "a prompt of sudo": (text) => `[me@node1 ~]$ sudo iptables-save -t nat\n${text}`,
  "a code fence": (text) => `My rules:\n\n\`\`\`bash\n${text}\`\`\`\nWhat is wrong?\n`,
  "quoting marks": eachLine((line) => `> ${line}`),
  "quoting marks of an answer to an answer": eachLine((line) => `>> ${line}`),
  indentation: eachLine((line) => `      ${line}`),
  "line ends of Windows": (text) => text.replaceAll("\n", "\r\n"),
  "the numbers of grep -n": (text) =>
    text
      .split("\n")
      .map((line, at) => (line === "" ? line : `${at + 1}:${line}`))
      .join("\n"),
  "typographic quotes": (text) => text.replace(/"([^"]*)"/g, "“$1”"),
  "a warning of the tool": (text) =>
    `# Warning: iptables-legacy tables present, use iptables-legacy-save to see them\n${text}`,
  "what somebody left out": (text) => text.replace("COMMIT\n", "[...]\nCOMMIT\n"),
  "a multi-line value of klog": (text) =>
    `I1128 10:00:00.000000       1 proxier.go:1573] "Running iptables-restore" rules=<\n${eachLine((line) => `\t${line}`)(text)} >\nI1128 10:00:01.000000       1 proxier.go:800] "SyncProxyRules complete" elapsed="10ms"\n`,
  "a quoted value of klog": (text) =>
    `I1128 10:00:00.000000       1 proxier.go:1573] "Running iptables-restore" rules=${JSON.stringify(text)}\n`,
  "a log of old kube-proxy": (text) =>
    `I1128 10:00:00.000000       1 proxier.go:1512] Restoring iptables rules: ${text}`,
};

describe("rules are read, whatever surrounds them:", () => {
  it.each(Object.entries(surroundings))("%s", (_, surround) => {
    expect(rulesOf(parse(surround(save)))).toEqual(expected);
  });

  const forListings = Object.entries(surroundings).filter(([name]) => !/klog|old kube-proxy/.test(name));
  it.each(forListings)("iptables -S: %s", (_, surround) => {
    const parsed = parse(surround(listed).replace("iptables-save -t nat", "iptables -t nat -S"));
    expect(rulesOf(parsed)).toEqual(expected);
  });

  it.each(forListings)("rules alone: %s", (_, surround) => {
    const parsed = parse(surround(`${rules}\n`).replace("iptables-save -t nat", "grep dns rules.txt"));
    expect(rulesOf(parsed)).toEqual(expected);
    expect(parsed.notes.map(({ message }) => message).join()).toContain("table nat is assumed");
  });

  it("lines keep their numbers", () => {
    const text = (surroundings["a code fence"] as (text: string) => string)(save);
    const [part] = parse(text).hosts.flatMap(({ texts }) => texts);
    const line = text.split("\n").indexOf(":KUBE-SERVICES - [0:0]");
    expect(part && placedText(part).split("\n")[line]).toBe(":KUBE-SERVICES - [0:0]");
  });

  it("the chains that the input of iptables-restore deletes are not there", () => {
    const parsed = parse(save.replace("COMMIT", ":KUBE-SVC-OLD - [0:0]\n-X KUBE-SVC-OLD\nCOMMIT"));
    const { tables } = readTables(parsed.hosts.flatMap(({ texts }) => texts));
    expect([...(tables.get("nat")?.keys() ?? [])]).toEqual(["PREROUTING", ...chains]);
  });
});

const nftObjects = [
  { metainfo: { version: "1.0.6" } },
  { table: { family: "ip", name: "kube-proxy", handle: 1 } },
  { chain: { family: "ip", table: "kube-proxy", name: "services", handle: 1 } },
  {
    rule: {
      family: "ip",
      table: "kube-proxy",
      chain: "services",
      handle: 2,
      expr: [
        { match: { op: "==", left: { payload: { protocol: "ip", field: "daddr" } }, right: "10.0.0.1" } },
        { drop: null },
      ],
    },
  },
];

describe("what is left out is named with its line:", () => {
  it.each([
    [
      `Please help!\nIt does not work.\n${save}`,
      ["1 this line and 1 more are left out: no tool prints it: Please help!"],
    ],
    [`${save}the end`, ["11 this line is left out: no tool prints it: the end"]],
  ])("$1", (text, notes) => {
    const parsed = parse(text);
    expect(rulesOf(parsed)).toEqual(expected);
    expect(parsed.notes.map(({ line, message }) => `${line} ${message}`)).toEqual(notes);
  });

  it.each([
    ["pasted", "table ip kube-proxy {\n  chain services {\n    ip daddr 10.0.0.1 drop\n  }\n}\n"],
    ["of one line", "table ip kube-proxy { chain services { ip daddr 10.0.0.1 drop; }; }\n"],
    ["as JSON", `${JSON.stringify({ nftables: nftObjects })}\n`],
  ])("a table of nftables, %s, is read beside rules of iptables", (_, table) => {
    const parsed = parse(`${save}${table}`);
    expect(rulesOf(parsed)).toEqual(expected);
    const texts = parsed.hosts.flatMap((host) => textsUnder(host, "nft list ruleset"));
    const { doc } = readRuleset(texts);
    expect(doc.tables[0]?.chains.get("services")?.rules.map(({ text }) => text)).toEqual(["ip daddr 10.0.0.1 drop"]);
  });

  it("a text without any such line is refused, with what was expected", () => {
    const { problems } = parse("Hello,\nmy Service does not work\n");
    expect(problems).toMatchObject([{ kind: "unrecognised", line: 1 }]);
    expect(problems[0]?.message).toBe("no line of it is one that a tool prints");
  });

  it("in a table, what is no rule stays: it may hide one", () => {
    const parsed = parse(save.replace("COMMIT", "-B KUBE-SERVICES -j DROP\nCOMMIT"));
    const { problems } = readTables(parsed.hosts.flatMap(({ texts }) => texts));
    expect(problems).toMatchObject([{ line: 10, kind: "line" }]);
  });
});

describe("tables", () => {
  it.each([
    ["of what a prompt says", "# iptables -t mangle -S\n-A PREROUTING -j RETURN\n", "mangle PREROUTING"],
    [
      "of what iptables lists without -t",
      "$ sudo iptables -L -n\nChain OUTPUT (policy ACCEPT)\ntarget     prot opt source               destination\nKUBE-X     0    --  0.0.0.0/0            0.0.0.0/0\n",
      "filter OUTPUT",
    ],
    [
      "of their built-in chains: nat",
      "-P PREROUTING ACCEPT\n-P POSTROUTING ACCEPT\n-A PREROUTING -j X\n",
      "nat PREROUTING",
    ],
    [
      "of their built-in chains: mangle",
      "-P PREROUTING ACCEPT\n-P FORWARD ACCEPT\n-P POSTROUTING ACCEPT\n-A PREROUTING -j X\n",
      "mangle PREROUTING",
    ],
    ["of their built-in chains: raw", "-P PREROUTING ACCEPT\n-P OUTPUT ACCEPT\n-A PREROUTING -j X\n", "raw PREROUTING"],
    [
      "of their built-in chains: filter",
      "-P INPUT ACCEPT\n-P FORWARD DROP\n-P OUTPUT ACCEPT\n-A INPUT -j X\n",
      "filter INPUT",
    ],
    ["of the target", "-A X -j MASQUERADE\n", "nat X"],
    [
      "of the chain that is jumped to",
      "-A X -j Y\n-A Y -j Z\n-A Z -p tcp -j DNAT --to-destination 10.0.0.1:80\n",
      "nat X",
    ],
    ["of the program's names", "-A KUBE-SVC-TCOU7JCQXEZGVUNU -j X\n", "nat KUBE-SVC-TCOU7JCQXEZGVUNU"],
    [
      "of REJECT",
      "-A KUBE-SERVICES -d 10.96.0.9/32 -p tcp -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable\n",
      "filter KUBE-SERVICES",
    ],
  ])("%s", (_, text, chain) => {
    expect([...rulesOf(parse(text)).keys()][0]).toBe(chain);
  });

  it("KUBE-SERVICES has rules in two tables", () => {
    const text = `${rules}\n-A KUBE-SERVICES -d 10.96.0.9/32 -p tcp -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable\n`;
    const all = rulesOf(parse(text));
    expect(all.get("filter KUBE-SERVICES")).toHaveLength(1);
    expect(all.get("nat KUBE-SERVICES")).toHaveLength(1);
  });

  it("listed one after the other are not mixed", () => {
    const filter =
      "-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n-N KUBE-SERVICES\n-A KUBE-SERVICES -d 10.0.0.1/32 -j X\n";
    const all = rulesOf(parse(`# iptables -S\n${filter}# iptables -t nat -S\n${listed}`));
    expect(all.get("filter KUBE-SERVICES")).toHaveLength(1);
    expect(all.get("nat KUBE-SERVICES")).toHaveLength(1);
  });
});

describe("tables that stand twice", () => {
  const other = save.replace("10.244.0.2:53\n", "10.244.0.3:53\n");
  const heading = (of: string, text: string) =>
    `# Generated by iptables-save v1.8.9${of} on Mon\n${text}# Completed on Mon\n`;

  it("are of two back ends, by their headings", () => {
    const parsed = parse(heading(" (nf_tables)", other) + heading("", save));
    expect(rulesOf(parsed)).toEqual(expected);
    expect(rulesOf(parsed, "iptables-nft-save").size).toBe(expected.size);
    expect(parsed.notes.map(({ message }) => message).join()).toContain("as their headings say");
  });

  it("are of two back ends, and that is said, without headings and in two files", () => {
    const parsed = parse(save + other);
    expect(rulesOf(parsed)).toEqual(expected);
    expect(parsed.notes.map(({ message }) => message).join()).toContain(
      "iptables-legacy and iptables-nft, in this order",
    );
    const files = parseDump([
      { name: "a", text: save },
      { name: "b", text: other },
    ]);
    expect(rulesOf(files)).toEqual(expected);
    expect(rulesOf(files, "iptables-nft-save").size).toBe(expected.size);
  });

  it("and are the same are one", () => {
    const parsed = parse(save + save.replace("[0:0]", "[7:8]"));
    expect(parsed.hosts[0]?.texts).toHaveLength(1);
    expect(rulesOf(parsed)).toEqual(expected);
    expect(
      parseDump([
        { name: "a", text: save },
        { name: "b", text: save },
      ]).hosts[0]?.texts,
    ).toHaveLength(1);
  });

  it("are of two families where the addresses are", () => {
    const wide = save.replaceAll("10.96.0.10/32", "fd00::a/128").replaceAll("10.244.0.2:53", "[fd00:2::2]:53");
    for (const text of [save + wide, wide + save]) {
      expect(rulesOf(parse(text))).toEqual(expected);
      expect(rulesOf(parse(text), "ip6tables-save").size).toBe(expected.size);
    }
  });
});

describe("other tools", () => {
  it("ipset list is ipset save", () => {
    const listing = `Name: KUBE-CLUSTER-IP
Type: hash:ip,port
Revision: 5
Header: family inet hashsize 1024 maxelem 65536
Size in memory: 200
References: 3
Number of entries: 2
Members:
10.96.0.1,tcp:443
10.96.0.10,udp:53 timeout 7

Name: EMPTY
Type: bitmap:port
Header: range 0-65535
Members:
`;
    const [text] = parse(listing).hosts.flatMap(({ texts }) => texts);
    expect(text?.heading).toBe("ipset save");
    const { sets, problems } = parseSets(text?.text ?? "");
    expect(problems).toEqual([]);
    expect(
      sets.map(({ name, type, options, entries }) => [
        name,
        type,
        options.join(" "),
        entries.map((entry) => [entry.text, ...entry.options].join(" ")),
      ]),
    ).toEqual([
      [
        "KUBE-CLUSTER-IP",
        "hash:ip,port",
        "family inet hashsize 1024 maxelem 65536",
        ["10.96.0.1,tcp:443", "10.96.0.10,udp:53 timeout 7"],
      ],
      ["EMPTY", "bitmap:port", "range 0-65535", []],
    ]);
  });

  it("ipvsadm -Ln is ipvsadm -Sn", () => {
    const listing = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  10.96.0.1:443 rr persistent 10800
  -> 192.0.2.10:6443              Masq    1      2          0
UDP  [fd00::a]:53 mh (mh-port)
  -> [fd00:1::2]:53               Route   0      0          0
FWM  1 rr
  -> 192.0.2.11:80                Masq    1      0          0
SCTP 10.96.0.3:9 wrr
`;
    const [text] = parse(listing).hosts.flatMap(({ texts }) => texts);
    const { servers, problems } = parseServers(text?.text ?? "");
    expect(problems).toEqual([]);
    expect(
      servers.map(({ protocol, address, scheduler, persistence, schedulerFlags, realServers }) => [
        protocol,
        address,
        scheduler,
        persistence,
        schedulerFlags,
        ...realServers.map((real) => [real.address, real.forwarding, real.weight].join(" ")),
      ]),
    ).toEqual([
      ["tcp", "10.96.0.1:443", "rr", 10800, undefined, "192.0.2.10:6443 masquerade 1"],
      ["udp", "[fd00::a]:53", "mh", undefined, "mh-port", "[fd00:1::2]:53 route 0"],
      ["sctp", "10.96.0.3:9", "wrr", undefined, undefined],
    ]);
  });

  const json = JSON.stringify([
    { ifname: "lo", link_type: "loopback", addr_info: [{ local: "127.0.0.1", scope: "host" }] },
    {
      ifname: "eth0",
      link_type: "ether",
      addr_info: [
        { local: "192.0.2.10", scope: "global" },
        { local: "fe80::1", scope: "link" },
      ],
    },
  ]);
  const people = `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
    inet 127.0.0.1/8 scope host lo
       valid_lft forever preferred_lft forever
2: eth0@if7: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500
    inet 192.0.2.10/24 brd 192.0.2.255 scope global dynamic eth0
    inet6 fe80::1/64 scope link
`;
  const brief =
    "lo               UNKNOWN        127.0.0.1/8\neth0@if7         UP             192.0.2.10/24 fe80::1/64\n";

  it.each([json, JSON.stringify(JSON.parse(json), null, 2).replace("[\n  {", "[ {"), people, brief])(
    "the addresses of %j",
    (text) => {
      const [found] = parse(text).hosts.flatMap(({ texts }) => texts);
      expect(found?.heading).toBe("ip -j addr");
      expect(parseLinks(found?.text ?? "")).toEqual([
        { name: "lo", loopback: true, ips: ["127.0.0.1"], linkLocal: [] },
        { name: "eth0", loopback: false, ips: ["192.0.2.10", "fe80::1"], linkLocal: ["fe80::1"] },
      ]);
    },
  );

  it("connections over UDP, by family; others end by themselves", () => {
    const flow = (protocol: string, ip: string) =>
      `${protocol} 17 29 src=${ip}1 dst=${ip}2 sport=9 dport=53 src=${ip}3 dst=${ip}1 sport=53 dport=9 mark=0 use=1\n`;
    const text = `conntrack v1.4.7 (conntrack-tools): 3 flow entries have been shown.\n${flow("udp", "10.0.0.")}${flow("tcp", "10.0.0.")}${flow("ipv6     10 udp", "fd00::")}`;
    const parsed = parse(text);
    expect(parsed.notes).toEqual([]);
    expect(parsed.hosts[0]?.texts.map(({ heading, text: own }) => [heading, own.trim().split("\n").length])).toEqual([
      ["conntrack -L -p udp -f ipv4", 1],
      ["conntrack -L -p udp -f ipv6", 1],
    ]);
  });

  it("all in one file, in any order", () => {
    const sets = "create A hash:ip family inet\nadd A 10.0.0.1\n";
    const servers = "-A -t 10.96.0.1:443 -s rr\n-a -t 10.96.0.1:443 -r 192.0.2.10:6443 -m -w 1\n";
    for (const text of [save + sets + servers + people, servers + people + save + sets]) {
      const parsed = parse(text);
      expect(parsed.notes).toEqual([]);
      expect(rulesOf(parsed)).toEqual(expected);
      expect(new Set(parsed.hosts[0]?.texts.map(({ heading }) => heading))).toEqual(
        new Set(["iptables-save", "ipset save", "ipvsadm -Sn", "ip -j addr"]),
      );
    }
  });
});

it("parts of a table that stand in it twice, as compile prints them, are of one family", () => {
  const jumps = '*nat\n-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES\nCOMMIT\n';
  const restore = save.replace(":PREROUTING ACCEPT [0:0]\n", "").replace(/-A PREROUTING .*\n/, "");
  expect(rulesOf(parse(restore + jumps))).toEqual(expected);
});

it("documents of collect are a host each, in one file as well, with what stands around them", () => {
  const document = (name: string) =>
    printDocument(collectedDocument({ texts: { "uname -n": name, "iptables-save": save }, failures: {} }));
  const text = `Two nodes:\n${document("n1")}and\n${document("n2")}`;
  const { hosts, notes, problems } = parse(text);
  expect(problems).toEqual([]);
  expect(hosts.map(({ name, texts }) => [name, texts.filter(({ text: own }) => own !== "").length])).toEqual([
    ["n1", 1],
    ["n2", 1],
  ]);
  expect(notes.map(({ line }) => line)).toEqual([1, document("n1").split("\n").length + 1]);
  const placed = hosts.map(({ texts }) => texts.filter(({ text: own }) => own !== "").map(placedText)[0] ?? "");
  expect(placed.map((own) => own.split("\n").indexOf("*nat"))).toEqual(
    text.split("\n").flatMap((line, at) => (line === "*nat" ? [at] : [])),
  );
});

describe("hostile text is read in time:", () => {
  const size = 300_000;
  const hostile: Readonly<Record<string, string>> = {
    "a long line": "src=a dst=b ".repeat(size / 12),
    "long lines of a set": `Name: A\nType: hash:ip\nHeader: x\nMembers:\n${`${"a".repeat(4000)}!\n`.repeat(70)}`,
    "long lines that look like prompts": `${"a@".repeat(2000)}\n`.repeat(70),
    "long lines that look like connections": `tcp 6 ${"src=a dst=b ".repeat(330)}\n`.repeat(70),
    "a long quoted value": `rules="*nat\\n${"\\\\".repeat(size / 2)}`,
    "jumps from chain to chain": Array.from({ length: 10_000 }, (_, at) => `-A C${at + 1} -j C${at}\n`).join(""),
    "chains that are declared again and again": ":X - [0:0]\n".repeat(20_000),
    "tables that stand there again and again": "*nat\n:INPUT ACCEPT [0:0]\nCOMMIT\n".repeat(5_000),
    "listings in listings": "Chain X (1 references)\n".repeat(10_000),
    brackets: `${"[{\n".repeat(50_000)}`,
  };
  it.each(Object.entries(hostile))("%s", (_, text) => {
    const begin = performance.now();
    parse(text);
    // Only what takes quadratic time takes as long.
    expect(performance.now() - begin).toBeLessThan(10_000);
  });
});
