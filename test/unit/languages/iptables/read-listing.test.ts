import { describe, expect, it } from "vitest";
import { parseRule } from "../../../../src/languages/iptables/parse-rule.ts";
import { isListedRule, listingToSave } from "../../../../src/languages/iptables/read-listing.ts";

const verbose = " pkts bytes target     prot opt in     out     source               destination         ";
const plain = "target     prot opt source               destination         ";
const numbered = `num  ${plain}`;

/** The rules of a listing of chain X, without `-A X`. */
function rulesIn(heading: string, ...lines: readonly string[]): readonly string[] {
  const saved = listingToSave(["Chain X (1 references)", heading, ...lines].map((line) => line.trim()));
  expect(saved.slice(0, 2)).toEqual([":X - [0:0]", ""]);
  return saved.slice(2).map((line) => line.replace(/^-A X ?/, ""));
}

// As iptables 1.8.9 prints rules that iptables-save prints as on the right.
const conditions: readonly (readonly [listed: string, saved: string])[] = [
  [
    "/* a /* b */ recent: CHECK seconds: 10800 reap name: S side: source mask: 255.255.255.255",
    '-m comment --comment "a /* b" -m recent --rcheck --seconds 10800 --reap --name S --mask 255.255.255.255 --rsource',
  ],
  [
    "recent: SET name: S side: source mask: 255.255.255.255",
    "-m recent --set --name S --mask 255.255.255.255 --rsource",
  ],
  [
    "! recent: UPDATE seconds: 60 hit_count: 4 name: S side: dest mask: 255.255.255.255",
    "-m recent ! --update --seconds 60 --hitcount 4 --name S --mask 255.255.255.255 --rdest",
  ],
  ["ADDRTYPE match dst-type LOCAL", "-m addrtype --dst-type LOCAL"],
  ["ADDRTYPE match dst-type !LOCAL limit-in", "-m addrtype ! --dst-type LOCAL --limit-iface-in"],
  ["statistic mode random probability 0.33333333349", "-m statistic --mode random --probability 0.33333333349"],
  ["statistic mode nth every 2", "-m statistic --mode nth --every 2 --packet 0"],
  ["mark match ! 0x4000/0x4000", "-m mark ! --mark 0x4000/0x4000"],
  ["mark match 0x1", "-m mark --mark 0x1"],
  ["connmark match  0x10/0xf0", "-m connmark --mark 0x10/0xf0"],
  ["match-set S dst,dst", "-m set --match-set S dst,dst"],
  ["! match-set S src,dst", "-m set ! --match-set S src,dst"],
  ["ctstate DNAT", "-m conntrack --ctstate DNAT"],
  ["! ctstate INVALID,NEW", "-m conntrack ! --ctstate INVALID,NEW"],
  ["state RELATED,ESTABLISHED", "-m state --state RELATED,ESTABLISHED"],
  ["limit: avg 5/min burst 5", "-m limit --limit 5/min"],
  ["source IP range 10.0.0.1-10.0.0.9", "-m iprange --src-range 10.0.0.1-10.0.0.9"],
  ["PHYSDEV match ! --physdev-is-in", "-m physdev ! --physdev-is-in"],
  ["PHYSDEV match --physdev-in eth0  ! --physdev-out veth1", "-m physdev --physdev-in eth0 ! --physdev-out veth1"],
  ["nfacct-name  seen", "-m nfacct --nfacct-name seen"],
  ["! owner GID match 1000-2000", "-m owner ! --gid-owner 1000-2000"],
  ["destination IP range ! fd00::1-fd00::9", "-m iprange ! --dst-range fd00::1-fd00::9"],
  ["multiport dports 80,443,1000:2000", "-m multiport --dports 80,443,1000:2000"],
  ["owner UID match 0", "-m owner --uid-owner 0"],
  ["something new 17", '-m listed --as "something new 17"'],
];

describe("the words of a listing", () => {
  it.each(conditions)("%s", (listed, saved) => {
    expect(
      rulesIn(
        verbose,
        `    0     0 RETURN     0    --  *      *       0.0.0.0/0            0.0.0.0/0            ${listed}`,
      ),
    ).toEqual([`${saved} -j RETURN`]);
  });

  it.each([
    ["tcp dpts:8080:8090", "-p tcp -m tcp --dport 8080:8090"],
    ["tcp spt:1 dpt:!80 flags:0x17/0x02", "-p tcp -m tcp --sport 1 ! --dport 80 --tcp-flags FIN,SYN,RST,ACK SYN"],
    ["tcp flags:0x3F/0x00", "-p tcp -m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE"],
    ["tcp", "-p tcp -m tcp"],
  ])("of TCP: %s", (listed, saved) => {
    expect(rulesIn(plain, `RETURN     6    --  0.0.0.0/0            0.0.0.0/0            ${listed}`)).toEqual([
      `${saved} -j RETURN`,
    ]);
  });

  it.each([
    ["ftp", 21],
    ["ssh", 22],
    ["smtp", 25],
    ["domain", 53],
    ["bootps", 67],
    ["bootpc", 68],
    ["http", 80],
    ["ntp", 123],
    ["snmp", 161],
    ["https", 443],
    ["nfs", 2049],
    ["mysql", 3306],
    ["mdns", 5353],
    ["postgresql", 5432],
    ["http-alt", 8080],
  ])("without -n, port %s is %d", (name, port) => {
    expect(rulesIn(plain, `RETURN     udp  --  anywhere             anywhere             udp dpt:${name}`)).toEqual([
      `-p udp -m udp --dport ${port} -j RETURN`,
    ]);
  });

  it.each([
    [
      "TPROXY",
      "TPROXY redirect 127.0.0.1:15001 mark 0x1/0x10ff",
      "--on-port 15001 --on-ip 127.0.0.1 --tproxy-mark 0x1/0x10ff",
    ],
    ["DNAT", "to:10.0.0.1:80", "--to-destination 10.0.0.1:80"],
    ["SNAT", "to:1.2.3.4 random-fully", "--to-source 1.2.3.4 --random-fully"],
    ["MASQUERADE", "random-fully", "--random-fully"],
    ["REDIRECT", "redir ports 1-5 random", "--to-ports 1-5 --random"],
    ["NETMAP", "to:10.1.0.0/16", "--to 10.1.0.0/16"],
    ["REJECT", "reject-with tcp-reset", "--reject-with tcp-reset"],
    ["MARK", "MARK or 0x4000", "--set-xmark 0x4000/0x4000"],
    ["MARK", "MARK xor 0x4000", "--set-xmark 0x4000/0x0"],
    ["MARK", "MARK set 0x1", "--set-xmark 0x1/0xffffffff"],
    ["MARK", "MARK and 0xffffff00", "--set-xmark 0x0/0xff"],
    ["MARK", "MARK xset 0x1/0x3", "--set-xmark 0x1/0x3"],
    ["CONNMARK", "CONNMARK save", "--save-mark --nfmask 0xffffffff --ctmask 0xffffffff"],
    ["CONNMARK", "CONNMARK restore mask 0xff", "--restore-mark --nfmask 0xff --ctmask 0xff"],
    ["CT", "CT notrack", "--notrack"],
    [
      "TPROXY",
      "TPROXY redirect 0.0.0.0:15001 mark 0x539/0xffffffff",
      "--on-port 15001 --on-ip 0.0.0.0 --tproxy-mark 0x539/0xffffffff",
    ],
    ["SNAT", "to:1.2.3.4", "--to-source 1.2.3.4"],
  ])("of target %s: %s", (target, listed, saved) => {
    const rule =
      rulesIn(plain, `${target}     6    --  0.0.0.0/0            10.0.0.9            /* x */ ${listed}`)[0] ?? "";
    expect(rule).toBe(`-d 10.0.0.9/32 -p tcp -m comment --comment x -j ${target} ${saved}`);
    const read = parseRule({ text: `-A X ${rule}`, line: 1, counters: undefined });
    expect(read.kind === "rule" && read.rule.target.kind).not.toBe("unknown");
  });
});

it.each([
  ["MASQUERADE", "masq ports: 1024-65535 random", "--to-ports 1024-65535 --random"],
  ["MASQUERADE", "masq ports: 1024-65535", "--to-ports 1024-65535"],
])("%s with ports: %s", (target, listed, saved) => {
  const line = `${target}     6    --  0.0.0.0/0            10.0.0.9            ${listed}`;
  expect(rulesIn(plain, line)).toEqual([`-d 10.0.0.9/32 -p tcp -j ${target} ${saved}`]);
});

it.each([
  ["icmp", "icmptype 8 code 0", "-m icmp --icmp-type 8/0"],
  ["icmp", "icmptype 8", "-m icmp --icmp-type 8"],
  ["icmp", "icmptype 255", "-m icmp --icmp-type any"],
  ["icmp", "icmp echo-request", "-m icmp --icmp-type echo-request"],
])("ICMP of IPv4: %s %s", (protocol, listed, saved) => {
  expect(rulesIn(plain, `RETURN     ${protocol} --  0.0.0.0/0            10.0.0.9            ${listed}`)).toEqual([
    `-d 10.0.0.9/32 -p ${protocol} ${saved} -j RETURN`,
  ]);
});

it.each([
  ["-A X -j DROP", "-A X\t-j\tDROP"],
  ["-A X -p tcp -j DROP", "-A X -p\ttcp -j DROP"],
])("%j in tabs is the same rule", (spaced, tabbed) => {
  const rule = (text: string) => {
    const read = parseRule({ text, line: 1, counters: undefined });
    return read.kind === "rule" ? { ...read.rule, text: "" } : read.message;
  };
  expect(rule(tabbed)).toEqual(rule(spaced));
});

/** What is listed behind a target ends the line: anything more is not understood. */
it.each([
  ["DNAT", "to:10.0.0.1:80"],
  ["SNAT", "to:1.2.3.4 random-fully"],
  ["NETMAP", "to:10.1.0.0/16"],
  ["REDIRECT", "redir ports 1-5 random"],
  ["REJECT", "reject-with tcp-reset"],
  ["MARK", "MARK or 0x4000"],
  ["CONNMARK", "CONNMARK save"],
])("%s with a word too many is not understood", (target, listed) => {
  const line = (words: string) => `${target}     6    --  0.0.0.0/0            10.0.0.9            ${words}`;
  const isKnown = (words: string): boolean => {
    const read = parseRule({ text: `-A X ${rulesIn(plain, line(words))[0] ?? ""}`, line: 1, counters: undefined });
    return (
      read.kind === "rule" &&
      read.rule.target.kind !== "unknown" &&
      read.rule.matches.every(({ kind }) => kind !== "unknown")
    );
  };
  expect([isKnown(listed), isKnown(`${listed} evil`)]).toEqual([true, false]);
});

describe("the columns of a listing", () => {
  it.each([
    [
      verbose,
      "    0     0 ACCEPT     6    --  eth0   !lo     10.0.0.0/8          !10.0.0.1",
      "-s 10.0.0.0/8 ! -d 10.0.0.1/32 -i eth0 ! -o lo -p tcp -j ACCEPT",
    ],
    [verbose, "  12M 1024K            17   --  *      *       0.0.0.0/0            0.0.0.0/0", "-p udp"],
    [
      verbose,
      "    0     0 X          tcp      *      *       ::/0                 fd00::1",
      "-d fd00::1/128 -p tcp -j X",
    ],
    [verbose, "    0     0 RETURN     all  -f  any    any     anywhere             anywhere", "-f -j RETURN"],
    [
      verbose,
      "    0     0 KUBE-X     6    --  *      *       0.0.0.0/0            0.0.0.0/0           [goto]  tcp dpt:80",
      "-p tcp -m tcp --dport 80 -g KUBE-X",
    ],
    [numbered, "5    DROP       !6   --  0.0.0.0/0            0.0.0.0/0", "! -p tcp -j DROP"],
    [plain, "          !tcp  --  anywhere             1.2.3.4", "-d 1.2.3.4/32 ! -p tcp"],
    [
      plain,
      "RETURN     ipv6-icmp --  anywhere             anywhere             ipv6-icmp echo-request",
      "-p ipv6-icmp -m icmp6 --icmpv6-type echo-request -j RETURN",
    ],
    [
      plain,
      "DNAT       tcp  --  anywhere             10.0.0.1             tcp dpt:https to:10.0.0.2:443",
      "-d 10.0.0.1/32 -p tcp -m tcp --dport 443 -j DNAT --to-destination 10.0.0.2:443",
    ],
    [plain, "ACCEPT     all  --  node1.example.org    anywhere", "-s node1.example.org -j ACCEPT"],
  ])("%s %s", (heading, listed, saved) => {
    expect(rulesIn(heading, listed)).toEqual([saved]);
  });

  it("without interfaces, a rule without a condition may have one for an interface", () => {
    expect(rulesIn(plain, "ACCEPT     all  --  anywhere             anywhere")).toEqual([
      "-m interface --not-listed -j ACCEPT",
    ]);
    expect(rulesIn(plain, "KUBE-X     all  --  anywhere             anywhere")).toEqual(["-j KUBE-X"]);
  });

  it.each([
    "ACCEPT     all  --  (nothing)            anywhere",
    "ACCEPT     all  --  anywhere             (nothing)",
    "ACCEPT     all  --  anywhere",
  ])("%s is no rule: addresses are missing", (listed) => {
    expect(isListedRule(listed)).toBe(false);
  });

  it("chains have their policies", () => {
    const listed = ["Chain INPUT (policy DROP 0 packets, 0 bytes)", "", "Chain KUBE-X (0 references)"];
    expect(listingToSave(listed)).toEqual([":INPUT DROP [0:0]", "", ":KUBE-X - [0:0]"]);
  });
});
