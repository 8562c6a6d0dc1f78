import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { corpusFolder } from "../../../../scripts/conformance/corpus.mjs";
import { canonicalRule } from "../../../../src/languages/iptables/canonical-rule.ts";
import { parseTables } from "../../../../src/languages/iptables/parse.ts";
import type { Rule } from "../../../../src/languages/iptables/rule.ts";
import { printRule, printTables } from "../../../../src/languages/iptables/write-rule.ts";

function textOf(...lines: readonly string[]): string {
  return ["*nat", ":PREROUTING ACCEPT [0:0]", ":A - [0:0]", ...lines, "COMMIT", ""].join("\n");
}

function onlyRule(line: string): Rule {
  const { tables, problems } = parseTables(textOf(line));
  expect(problems).toEqual([]);
  const rules = tables.flatMap((table) => table.chains.flatMap((chain) => chain.rules));
  expect(rules).toHaveLength(1);
  return rules[0]!;
}

function savedFiles(): readonly string[] {
  return readdirSync(join(corpusFolder, "cases"), { recursive: true, encoding: "utf8" })
    .filter((path) => /ip6?tables\.save$/.test(path))
    .map((path) => join(corpusFolder, "cases", path));
}

describe("identity", () => {
  test("what the real kube-proxy saved is printed back unchanged", () => {
    const files = savedFiles();
    expect(files.length).toBeGreaterThan(150);
    for (const file of files) {
      const text = readFileSync(file, "utf8");
      const { tables, problems } = parseTables(text);
      expect(problems, file).toEqual([]);
      expect(printTables(tables), file).toBe(text);
    }
  });

  test("no rule of kube-proxy's is unknown", () => {
    for (const file of savedFiles()) {
      const rules = parseTables(readFileSync(file, "utf8")).tables.flatMap((table) =>
        table.chains.flatMap((chain) => chain.rules),
      );
      const unknown = rules.filter(
        (rule) => rule.target.kind === "unknown" || rule.matches.some((match) => match.kind === "unknown"),
      );
      expect(
        unknown.map((rule) => rule.text),
        file,
      ).toEqual([]);
    }
  });

  test.each([
    "-A A",
    "-A A ! -s 10.0.0.0/8 -d 10.0.0.1/32 ! -i cni0 -p tcp -m tcp ! --dport 80:90 -j B",
    '-A A -m comment --comment "say \\"hi\\" \\\\ it\\\'s" -j RETURN',
    "-A A -m comment --comment -j -j RETURN",
    '-A A -m comment --comment "" -j RETURN',
    "-A A -m mark --mark 0x1 -j MARK --set-xmark 0x4000/0x0",
    "-A A -m addrtype --src-type LOCAL --dst-type LOCAL -j DROP",
    "-A A -m recent --rcheck --seconds 5 --reap --name X --mask 255.255.255.255 --rsource -j B",
    "-A A -m recent --rcheck --hitcount 5 --name X --rsource -j B",
    "-A A -m nfacct --nfacct-name  c -j DROP",
    "-A A -m set --match-set KUBE-CLUSTER-IP dst,dst -m physdev ! --physdev-is-in -j ACCEPT",
    "-A A -m set ! --match-set KUBE-LOOP-BACK dst,dst,src -j ACCEPT",
    "-A A -m set --match-set KUBE-LOOP-BACK dst --return-nomatch -j ACCEPT",
    "-A A -m ipvs --vproto 6 --vaddr 203.0.113.1 --vport 80 -j DROP",
    "-A A -m ipvs --vproto 6 --vaddr 203.0.113.1 --vport 80 --vdir REPLY -j DROP",
    "-A A -m ipvs ! --ipvs -m physdev --physdev-in eth0 -j DROP",
    '-A A -o eth0 ! -f -j LOG --log-prefix "a b"',
    "-A A -g B",
    "-A A ! -o eth+ -j DROP",
    "-A A -i eth0 -o eth1 -p tcp -j DROP",
    "-A A -p tcp -m tcp --sport 1000:2000 -j DROP",
    "-A A -p tcp -m tcp ! --sport 1000 ! --dport 80 -j DROP",
    "-A A -p sctp -m sctp --sport 67 --dport 68 -j DROP",
    "-A A -p tcp -m tcp --sport 1000 --dport 80 --tcp-option 2 --tcp-flags SYN,RST SYN -j DROP",
    "-A A -p tcp -m tcp --dport 80 --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT",
    "-A A -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE -j DROP",
    "-A A -p tcp -m multiport --dports 80,443,8000:8010 -j ACCEPT",
    "-A A -p udp -m multiport ! --sports 80 -m multiport --ports 53,5000:5010 -j ACCEPT",
    "-A A -m state ! --state NEW,ESTABLISHED -j ACCEPT",
    "-A A -m connmark --mark 0x1 -m connmark ! --mark 0x1/0xff -j ACCEPT",
    "-A A -m iprange ! --src-range 10.0.0.1-10.0.0.9 --dst-range fd00::1-fd00::9 -j DROP",
    "-A A -p icmp -m icmp ! --icmp-type 3/4 -j ACCEPT",
    "-A A -p ipv6-icmp -m icmp6 --icmpv6-type 128 -j ACCEPT",
    "-A A -p tcp -j REDIRECT --to-ports 8080-8090 --random",
    "-A A -p tcp -j REDIRECT",
    "-A A -j SNAT --to-source 192.0.2.1-192.0.2.9:1000-2000 --random --persistent",
    "-A A -d 10.1.0.0/16 -j NETMAP --to 10.2.0.0/16",
    "-A A -j NOTRACK",
    "-A A -j CT --notrack",
    "-A A -p tcp -j TPROXY --on-port 1234 --on-ip 0.0.0.0 --tproxy-mark 0x0/0x0",
    "-A A -j CONNMARK --set-xmark 0x0/0xfffffffb",
    "-A A -j CONNMARK --save-mark --nfmask 0xff --ctmask 0xffffffff",
    "-A A -j CONNMARK --restore-mark --nfmask 0xff --ctmask 0xf0",
    "-A A -p tcp -m tcp --sport 1 --dport 2 -j REDIRECT --to-ports 80",
    "[12:99999999999999999999] -A A -j ACCEPT",
  ])("%s", (line) => {
    expect(printRule(onlyRule(line))).toBe(line);
  });

  test("every threshold keeps its value through the eleven decimals", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 }), (threshold) => {
        const rule = onlyRule("-A A -m statistic --mode random --probability 0.50000000000 -j B");
        const text = printRule({ ...rule, matches: [{ kind: "statistic", negated: false, threshold }] });
        expect(onlyRule(text).matches).toEqual([{ kind: "statistic", negated: false, threshold }]);
        expect(printRule(onlyRule(text))).toBe(text);
      }),
    );
  });

  test("a tie in the last decimal goes to the even digit, as in C", () => {
    const line = "-A A -m statistic --mode random --probability 0.00024414062 -j B";
    expect(onlyRule(line).matches).toEqual([{ kind: "statistic", negated: false, threshold: 2 ** 19 }]);
    expect(printRule(onlyRule(line))).toBe(line);
  });
});

describe("structure", () => {
  test("a rule keeps its line, its text and what each part says", () => {
    const line =
      '-A A ! -s 10.244.0.0/16 -d 10.96.0.1/32 -p tcp -m comment --comment "ns/a:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ';
    expect(onlyRule(line)).toEqual({
      chain: "A",
      line: 4,
      text: line,
      counters: undefined,
      matches: [
        { kind: "source", negated: true, range: "10.244.0.0/16" },
        { kind: "destination", negated: false, range: "10.96.0.1/32" },
        { kind: "protocol", negated: false, protocol: "tcp" },
        { kind: "comment", negated: false, text: "ns/a:http cluster IP" },
        { kind: "destination-port", negated: false, protocol: "tcp", ports: { from: 80, to: 80 } },
      ],
      target: { kind: "jump", chain: "KUBE-MARK-MASQ" },
    });
  });

  test.each([
    ["-m set ! --match-set S dst,src", { kind: "set", negated: true, name: "S", sides: ["dst", "src"] }],
    ["-m ipvs --vproto 6 --vaddr fd00::1 --vport 80", { kind: "ipvs", protocol: 6, address: "fd00::1", port: 80 }],
    ["-m physdev ! --physdev-is-in", { kind: "physdev-is-in", negated: true }],
    ["-m set --match-set S dst,both", { kind: "unknown" }],
    ["-o eth+", { kind: "out-interface", negated: false, name: "eth+" }],
    [
      "-m multiport ! --ports 53,80:90",
      {
        kind: "multiport",
        negated: true,
        side: "either",
        ports: [
          { from: 53, to: 53 },
          { from: 80, to: 90 },
        ],
      },
    ],
    ["-m state --state NEW,RELATED", { kind: "state", states: ["NEW", "RELATED"] }],
    ["-m connmark ! --mark 0x1/0xff", { kind: "connmark", negated: true, value: 1, mask: 0xff }],
    ["-m tcp ! --syn", { kind: "tcp-flags", negated: true, mask: ["FIN", "SYN", "RST", "ACK"], set: ["SYN"] }],
    ["-m tcp --tcp-flags ALL NONE", { kind: "tcp-flags", mask: ["FIN", "SYN", "RST", "PSH", "ACK", "URG"], set: [] }],
    [
      "-m iprange --dst-range 10.0.0.1",
      { kind: "address-range", side: "destination", from: "10.0.0.1", to: "10.0.0.1" },
    ],
    ["-m icmp6 --icmpv6-type 1/4", { kind: "icmp", protocol: "icmp6", type: "1/4" }],
    [
      "-m recent --set --name S --rdest",
      { kind: "recent", action: "set", seconds: undefined, reap: false, side: "rdest" },
    ],
    [
      "-m recent ! --update --seconds 5 --name S --rsource",
      { kind: "recent", negated: true, action: "update", seconds: 5 },
    ],
    ...["sports", "dports", "ports"].map((name, at): [string, object] => [
      `-m multiport --${name} 80`,
      { kind: "multiport", side: ["source", "destination", "either"][at], negated: false },
    ]),
    ["-m iprange --src-range 10.0.0.1-10.0.0.9", { kind: "address-range", side: "source", to: "10.0.0.9" }],
    ["-m addrtype ! --src-type LOCAL", { kind: "address-type", side: "source", type: "LOCAL", negated: true }],
    ["-m addrtype --dst-type LOCAL", { kind: "address-type", side: "destination" }],
    ["-m nfacct --nfacct-name seen", { kind: "nfacct", counter: "seen" }],
    ["-m statistic --mode random ! --probability 0.5", { kind: "statistic", negated: true, threshold: 2 ** 30 }],
    ["-m comment\t--comment a", { kind: "comment", text: "a" }],
    ['-m comment\t--comment "a\tb"', { kind: "comment", text: "a\tb" }],
    ["-m tcp --tcp-option 2", { kind: "unknown" }],
    ...[
      "recent",
      "recent --seconds 5",
      "recent --rcheck x --name S --rsource",
      "recent --rcheck ! --name S --rsource",
      "recent --rcheck --rsource",
      "recent --rcheck --name S",
      "recent --rcheck --name S --rsource --rdest",
      "recent --rcheck --seconds x --name S --rsource",
      "recent --rcheck --name S --seconds 5 --rsource",
      "recent --rcheck --name --rsource",
      "recent --rcheck --reap 5 --name S --rsource",
      "statistic --mode nth --probability 0.5",
      "statistic ! --mode random --probability 0.5",
      "statistic --mode random --probability 5",
      "statistic --mode random --probability 1.5",
      "statistic --mode random --every 2",
      "nfacct ! --nfacct-name seen",
      "comment ! --comment x",
      "tcp --tcp-flags SYN",
      "tcp --tcp-flags SYN odd",
      "tcp --syn x",
      "tcp --dport 1:2:3",
      "tcp --dport 123456",
      "udp --syn",
      "multiport --dports 80 --sports 81",
      "multiport --dports",
      "iprange --src-range a_b",
      "iprange --odd 10.0.0.1",
      "iprange",
      "icmp --icmpv6-type 1",
      "icmp --icmp-type 8,0",
      "addrtype --odd LOCAL",
      "addrtype --dst-type",
      "mark --mark 5",
      "set --match-set S dst --return-nomatch",
      "set --odd S dst",
      "ipvs --vproto x --vaddr 10.0.0.1 --vport 80",
      "ipvs --vproto 6 --vaddr 10.0.0.1 --vport x",
      "ipvs --vproto 6 --vaddr x --vport 80",
      "ipvs --vproto 6 --vaddr 10.0.0.1",
      "physdev --physdev-is-in --physdev-is-out",
      "physdev --physdev-is-out",
    ].map((words): [string, object] => [`-m ${words}`, { kind: "unknown" }]),
    ["-m multiport --dports 80,x", { kind: "unknown" }],
    ["-m state --state NEW --odd", { kind: "unknown" }],
  ])("match %s", (words, match) => {
    expect(onlyRule(`-A A ${words} -j DROP`).matches).toMatchObject([match]);
  });

  test.each([
    ["-j ACCEPT", { kind: "accept" }],
    ["-j REJECT --reject-with icmp-port-unreachable", { kind: "reject", with: "icmp-port-unreachable" }],
    ["-j MARK --set-xmark 0x4000/0x4000", { kind: "mark", value: 0x4000, mask: 0x4000 }],
    ["-j MARK --set-xmark 0x80000000/0x80000000", { kind: "mark", value: 0x80000000, mask: 0x80000000 }],
    ["-j DNAT --to-destination [fd00::1]:80", { kind: "dnat", destination: "[fd00::1]:80" }],
    ["-j MASQUERADE --random-fully", { kind: "masquerade", randomFully: true }],
    ["-j MASQUERADE", { kind: "masquerade", randomFully: false }],
    ["-j DNAT --to-destination 10.0.0.1:80 --random", { kind: "unknown" }],
    ["-g B", { kind: "goto", chain: "B" }],
    ["-j REDIRECT --random", { kind: "redirect", ports: undefined, random: true }],
    ["-j RETURN", { kind: "return" }],
    ["-j DROP", { kind: "drop" }],
    ["-j REJECT", { kind: "reject", with: undefined }],
    ["-j B", { kind: "jump", chain: "B" }],
    [
      "-j CONNMARK --restore-mark --nfmask 0xff --ctmask 0xf",
      { kind: "connmark-restore", packetMask: 255, connectionMask: 15 },
    ],
    [
      "-j CONNMARK --save-mark --nfmask 0xff --ctmask 0xf",
      { kind: "connmark-save", packetMask: 255, connectionMask: 15 },
    ],
    [
      "-j TPROXY --on-port 1 --on-ip 10.0.0.1 --tproxy-mark 0x1/0x3",
      { kind: "tproxy", port: 1, address: "10.0.0.1", value: 1, mask: 3 },
    ],
    ...[
      "-g B x",
      "-j MARK",
      "-j CONNMARK",
      "-j DNAT",
      "-j SNAT",
      "-j NETMAP",
      "-j TPROXY",
      "-j ACCEPT x",
      '-j "B"',
      "-j MASQUERADE --random",
      "-j MASQUERADE --random-fully --random",
      "-j CT --notrack --zone 5",
      "-j REJECT --with x",
      "-j SNAT --odd 192.0.2.1",
      "-j SNAT --to-source",
      "-j MARK --set-xmark 0x1",
      "-j MARK --set-xmark x/0x1",
      "-j CONNMARK --set-xmark 0x1",
      "-j CONNMARK --other-mark --nfmask 0xff --ctmask 0xf",
      "-j CONNMARK --save-mark --mask 0xff --ctmask 0xf",
      "-j CONNMARK --save-mark --nfmask 0xff --mask 0xf",
      "-j CONNMARK --save-mark --nfmask 255 --ctmask 0xf",
      "-j CONNMARK --save-mark --nfmask 0xff --ctmask x",
      "-j CONNMARK --save-mark --nfmask 0xff --ctmask 0xf more",
      "-j REDIRECT --to-ports 80:90",
      "-j REDIRECT --odd 80",
      "-j TPROXY --port 1 --on-ip 10.0.0.1 --tproxy-mark 0x1/0x3",
      "-j TPROXY --on-port x --on-ip 10.0.0.1 --tproxy-mark 0x1/0x3",
      "-j TPROXY --on-port 1 --ip 10.0.0.1 --tproxy-mark 0x1/0x3",
      "-j TPROXY --on-port 1 --on-ip 10.0.0.1 --mark 0x1/0x3",
      "-j TPROXY --on-port 1 --on-ip 10.0.0.1 --tproxy-mark x",
      "-j TPROXY --on-port 1 --on-ip 10.0.0.1 --tproxy-mark 0x1/0x3 more",
    ].map((words): [string, object] => [words, { kind: "unknown" }]),
    ["-j REDIRECT", { kind: "redirect", ports: undefined, random: false }],
    ["-j REDIRECT --to-ports 80-90 --random", { kind: "redirect", ports: { from: 80, to: 90 }, random: true }],
    ["-j SNAT --to-source 192.0.2.1 --persistent", { kind: "snat", source: "192.0.2.1", flags: ["--persistent"] }],
    ["-j SNAT --to-source 192.0.2.1 --odd", { kind: "unknown" }],
    ["-j NETMAP --to 10.2.0.0/16", { kind: "netmap", to: "10.2.0.0/16" }],
    ["-j NOTRACK", { kind: "notrack", by: "NOTRACK" }],
    ["-j CT --notrack", { kind: "notrack", by: "CT" }],
    ["-j CT --zone 5", { kind: "unknown" }],
    ["-j CONNMARK --save-mark", { kind: "unknown" }],
    ["-j CONNMARK --set-xmark 0x1/0x3", { kind: "connmark-set", value: 1, mask: 3 }],
  ])("target %s", (words, target) => {
    expect(onlyRule(`-A A ${words}`).target).toMatchObject(target);
  });

  test("options of one module are matches that stay together, each with its own negation", () => {
    const rule = onlyRule("-A A -p tcp -m tcp ! --sport 1 --dport 2 --syn -j B");
    expect(rule.matches.slice(1)).toEqual([
      { kind: "source-port", negated: true, protocol: "tcp", ports: { from: 1, to: 1 } },
      { kind: "destination-port", negated: false, protocol: "tcp", ports: { from: 2, to: 2 }, joined: true },
      { kind: "tcp-flags", negated: false, mask: ["FIN", "SYN", "RST", "ACK"], set: ["SYN"], joined: true },
    ]);
    expect(printRule(rule)).toBe("-A A -p tcp -m tcp ! --sport 1 --dport 2 --tcp-flags FIN,SYN,RST,ACK SYN -j B");
    const apart = "-A A -m tcp --dport 2 -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -m tcp ! --sport 1 -j B";
    expect(canonicalRule(apart)).toBe(canonicalRule(rule.text));
  });

  test("sections of one table add up, and a chain declared again starts empty", () => {
    const { tables, problems } = parseTables(
      `${textOf("-A A -j ACCEPT", "-A PREROUTING -j A")}${textOf("-A A -j DROP")}*filter\n-A INPUT -j DROP\nCOMMIT\n`,
    );
    expect(problems).toEqual([]);
    expect(tables.map((table) => table.name)).toEqual(["nat", "filter"]);
    expect(tables[0]?.chains.map((chain) => [chain.name, chain.policy, chain.rules.map((rule) => rule.text)])).toEqual([
      ["PREROUTING", "ACCEPT", ["-A PREROUTING -j A"]],
      ["A", undefined, ["-A A -j DROP"]],
    ]);
    expect(tables[1]?.chains[0]).toMatchObject({ name: "INPUT", declaredAt: undefined });
  });

  test("comment lines, blank lines and counters of a live dump are read", () => {
    const { tables, problems } = parseTables(
      "# Generated by iptables-save\n\n*nat\n:A - [1:2]\n[3:4] -A A -j ACCEPT\nCOMMIT\n# Completed\n",
    );
    expect(problems).toEqual([]);
    expect(tables[0]?.chains[0]?.counters).toEqual({ packets: "1", bytes: "2" });
    expect(printTables(tables)).toBe("*nat\n:A - [1:2]\n[3:4] -A A -j ACCEPT\nCOMMIT\n");
  });
});

describe("the canonical form of a rule", () => {
  test.each([
    ["-A A -m conntrack --ctstate RELATED,NEW", "-A A -m conntrack --ctstate NEW,RELATED"],
    ["-A A -m state --state RELATED,NEW", "-A A -m state --state NEW,RELATED"],
    ["-A A -p tcp -m tcp -j B", "-A A -p tcp -j B"],
    ["-A A -m mark --mark 0x1 -s 10.0.0.1/32", "-A A -s 10.0.0.1/32 -m mark --mark 0x1"],
    ["-A A -m set --match-set S dst -m comment --comment a", "-A A -m comment --comment a -m set --match-set S dst"],
    ["  stray ", "stray"],
  ])("%s and %s are the same", (one, other) => expect(canonicalRule(one)).toBe(canonicalRule(other)));

  const set = "-m recent --set --name S --rsource";
  const check = "-m recent --rcheck --name S --rsource";
  test.each([
    ["-A A -m conntrack --ctstate NEW", "-A A -m conntrack --ctstate RELATED"],
    ["-A A -m conntrack --ctstate NEW", "-A A -m state --state NEW"],
    [`-A A ${set} ${check}`, `-A A ${check} ${set}`],
    ["-A A -m tcp -j B", "-A A -j B"],
    ["-A A -p udp -m tcp -j B", "-A A -p udp -j B"],
    ["-A A -m odd --one -m odd --two", "-A A -m odd --two -m odd --one"],
  ])("%s and %s differ", (one, other) => expect(canonicalRule(one)).not.toBe(canonicalRule(other)));
});

describe("problems", () => {
  test.each([
    ["-A A -j ACCEPT\n", 1, /not inside a table/],
    ["*nat\n-A MINE -j ACCEPT\nCOMMIT\n", 2, /MINE is not declared/],
    ["*nat\n:A - [0:0]\n", 1, /no COMMIT/],
    ["*nat\n*filter\nCOMMIT\n", 1, /no COMMIT/],
    ["*n@t\nCOMMIT\n", 1, /name of a table/],
    ["*nat\n:A\nCOMMIT\n", 2, /not a chain/],
    [textOf("hello"), 4, /expected -A/],
    [textOf("-I A -j ACCEPT"), 4, /expected -A/],
    [textOf("-A"), 4, /without a chain/],
    [textOf("-A A -s"), 4, /-s without a value/],
    [textOf("-A A !"), 4, /! at the end/],
    [textOf("-A A ! -m tcp"), 4, /! before -m/],
    [textOf("-A A -m"), 4, /-m without a module/],
    [textOf("-A A -j"), 4, /-j without a target/],
    [textOf("-A A stray"), 4, /stray word/],
    [textOf('-A A -m comment --comment "open'), 4, /quote is not closed/],
  ])("%j", (text, line, message) => {
    const { problems } = parseTables(text);
    expect(problems).toEqual([{ line, message: expect.stringMatching(message) }]);
  });
});
