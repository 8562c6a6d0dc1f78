const half = "-m statistic --mode random --probability 0.50000000000";
const inList = "--name L --mask 255.255.255.255 --rsource";
const matches = [
  "",
  "-s 10.0.0.0/31",
  "! -s 10.0.0.2/32",
  "-d 10.0.0.2/32",
  "! -d 10.0.0.0/32",
  "-m mark --mark 0x1/0x1",
  "-m mark ! --mark 0x1/0x3",
  half,
  "-s 10.0.0.1/32 -m statistic --mode random ! --probability 0.25000000000",
  "-m addrtype --dst-type LOCAL",
  "-m addrtype ! --src-type LOCAL",
  "-m bpf --object-pinned /x",
  "! -o eth9",
  `! -s 10.0.0.1/32 ! -o eth9 ${half}`,
  `-m recent --rcheck --seconds 60 --reap ${inList}`,
  `-m recent --set ${inList}`,
  `${half} -m recent ! --rcheck ${inList}`,
  "-m set --match-set S src",
  "-m set ! --match-set S dst",
  "-m conntrack ! --ctstate DNAT,INVALID",
  "-p tcp -m tcp --dport 80",
  "-p tcp -m tcp ! --dport 81",
  "-p tcp -m tcp --sport 1000 ! --dport 81",
  "-p tcp -m multiport --dports 79,80:82",
  "-p tcp -m multiport ! --dports 79,81:82",
  "-p tcp -m multiport --ports 81,90:99",
  "-p tcp -m multiport ! --sports 1000",
  "-m state --state NEW,RELATED",
  "-m state ! --state ESTABLISHED,UNTRACKED",
  "-m connmark --mark 0x1/0x1",
  "-m connmark ! --mark 0x2",
  "-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN",
  "-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,PSH,ACK,URG SYN,ACK",
  "-m iprange --src-range 10.0.0.1-10.0.0.2",
  "-m iprange ! --src-range 10.0.0.0-10.0.0.2 --dst-range 10.0.0.0-10.0.0.2",
  "-o lo",
  "! -o e+",
  "-p icmp -m icmp --icmp-type 8",
  "-p udp -m udp ! --dport 80",
];
const targets = [
  "-j ACCEPT",
  "-j DROP",
  "-j REJECT --reject-with icmp-port-unreachable",
  "-j RETURN",
  "-j MARK --set-xmark 0x1/0x1",
  "-j MARK --set-xmark 0x3/0x0",
  "-j DNAT --to-destination 10.0.0.1:81",
  "-j DNAT --to-destination 10.0.0.0",
  "-j MASQUERADE",
  "-j A",
  "-g A",
  "-j NFQUEUE --queue-num 1",
  "-j REDIRECT --to-ports 81",
  "-j REDIRECT --to-ports 79-82",
  "-j NETMAP --to 10.0.0.1/32",
  "-j CONNMARK --set-xmark 0x1/0x1",
  "-j CONNMARK --save-mark --nfmask 0x3 --ctmask 0xffffffff",
  "-j CONNMARK --restore-mark --nfmask 0x1 --ctmask 0x3",
  "-j TPROXY --on-port 15001 --on-ip 0.0.0.0 --tproxy-mark 0x1/0x1",
  "",
];
const everyRule = matches.flatMap((match) => targets.map((target) => `${match} ${target}`.trim()));

/** Every kind of match and target at least once, few enough to try all threes. */
const fewRules = [
  "-s 10.0.0.0/31 -j ACCEPT",
  "! -s 10.0.0.2/32 -p tcp -m tcp --dport 80 -j DROP",
  `${half} -j DNAT --to-destination 10.0.0.1:81`,
  "-j DNAT --to-destination 10.0.0.0",
  `${half} -j RETURN`,
  "-m set --match-set S src -j RETURN",
  "-m mark --mark 0x1/0x1 -j REJECT",
  "-m mark ! --mark 0x1/0x3 -j ACCEPT",
  "-j MARK --set-xmark 0x1/0x1",
  `! -s 10.0.0.1/32 ${half} -j MARK --set-xmark 0x3/0x0`,
  "-m bpf --object-pinned /x -j MARK --set-xmark 0x1/0x3",
  "! -o eth9 -j DROP",
  "-m bpf --object-pinned /x -j RETURN",
  "-m bpf --object-pinned /x -j A",
  "-d 10.0.0.2/32 -j A",
  "-g A",
  "-m addrtype --dst-type LOCAL -j A",
  `-s 10.0.0.2/31 -m recent --set ${inList} -j A`,
  `-m recent --rcheck --seconds 60 --reap ${inList} -j MASQUERADE`,
  `! -s 10.0.0.3/32 -m recent --set ${inList}`,
  "-j NFQUEUE --queue-num 1",
  "-p tcp -m multiport --ports 81 -j REDIRECT",
];

/** Rules of a built-in chain, and of chain A, which some of them call. */
export interface RuleSet {
  readonly main: readonly string[];
  readonly called: readonly string[];
}

const calls = (rule: string) => / ?-[jg] A$/.test(rule);

/** A list of rules, all in the built-in chain, or the last of them in a chain that is called from it. */
function* placed(rules: readonly string[]): Generator<RuleSet> {
  for (let cut = rules.length; cut >= 0; cut -= 1) {
    const [main, called] = [rules.slice(0, cut), rules.slice(cut)];
    if (called.some(calls) || (called.length > 0 && !main.some(calls))) continue;
    yield { main, called };
  }
}

/** Every rule alone, many pairs, and every three of a few. */
export function* ruleSets(): Generator<RuleSet> {
  yield { main: [], called: [] };
  for (const one of everyRule) yield* placed([one]);
  for (const [at, one] of everyRule.entries()) {
    // One of 19 of those that call, one of 151 of the others: primes, so that each meets each kind of the other.
    for (const [beside, two] of everyRule.entries()) {
      if ((at + beside) % 151 === 0 || (calls(one) && (at + beside) % 19 === 0)) yield* placed([one, two]);
    }
  }
  for (const one of fewRules) {
    for (const two of fewRules) for (const three of fewRules) yield* placed([one, two, three]);
  }
}
