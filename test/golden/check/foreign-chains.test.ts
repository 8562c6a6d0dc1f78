import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { collectedDocument, printDocument } from "../../../src/reconcile/live/collected-document.ts";

import { findInTexts } from "../../harness/find-faults.ts";

/** What others keep on nodes, in the shape their programs give it. */
const foreign: Readonly<Record<string, string>> = {
  docker: `*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A DOCKER -i docker0 -j RETURN
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8443 -j DNAT --to-destination 172.17.0.2:443
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
:DOCKER-ISOLATION-STAGE-1 - [0:0]
:DOCKER-ISOLATION-STAGE-2 - [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-ISOLATION-STAGE-1
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A FORWARD -i docker0 -o docker0 -j ACCEPT
-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
-A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
-A DOCKER-ISOLATION-STAGE-1 -j RETURN
-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
-A DOCKER-ISOLATION-STAGE-2 -j RETURN
-A DOCKER-USER -j RETURN
COMMIT
`,
  ufw: `*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:ufw-before-input - [0:0]
:ufw-logging-deny - [0:0]
:ufw-not-local - [0:0]
:ufw-skip-to-policy-input - [0:0]
:ufw-user-input - [0:0]
:ufw-after-input - [0:0]
-A INPUT -j ufw-before-input
-A INPUT -j ufw-after-input
-A ufw-after-input -p udp -m udp --dport 137 -j ufw-skip-to-policy-input
-A ufw-after-input -m addrtype --dst-type BROADCAST -j ufw-skip-to-policy-input
-A ufw-before-input -i lo -j ACCEPT
-A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A ufw-before-input -m conntrack --ctstate INVALID -j ufw-logging-deny
-A ufw-before-input -m conntrack --ctstate INVALID -j DROP
-A ufw-before-input -p icmp -m icmp --icmp-type 3 -j ACCEPT
-A ufw-before-input -p icmp -m icmp --icmp-type 8 -j ACCEPT
-A ufw-before-input -p udp -m udp --sport 67 --dport 68 -j ACCEPT
-A ufw-before-input -j ufw-not-local
-A ufw-before-input -d 224.0.0.251/32 -p udp -m udp --dport 5353 -j ACCEPT
-A ufw-before-input -j ufw-user-input
-A ufw-logging-deny -m conntrack --ctstate INVALID -m limit --limit 3/min --limit-burst 10 -j RETURN
-A ufw-logging-deny -m limit --limit 3/min --limit-burst 10 -j LOG --log-prefix "[UFW BLOCK] "
-A ufw-not-local -m addrtype --dst-type LOCAL -j RETURN
-A ufw-not-local -m addrtype --dst-type MULTICAST -j RETURN
-A ufw-not-local -m limit --limit 3/min --limit-burst 10 -j ufw-logging-deny
-A ufw-not-local -j DROP
-A ufw-skip-to-policy-input -j DROP
-A ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT
-A ufw-user-input -p tcp -m multiport --dports 80,443 -j ACCEPT
COMMIT
`,
  calico: `*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:cali-FORWARD - [0:0]
:cali-INPUT - [0:0]
:cali-from-wl-dispatch - [0:0]
:cali-fw-cali12345 - [0:0]
:cali-pro-kns.default - [0:0]
:cali-wl-to-host - [0:0]
-A INPUT -m comment --comment "cali:Cz" -j cali-INPUT
-A FORWARD -m comment --comment "cali:wU" -j cali-FORWARD
-A FORWARD -m comment --comment "cali:S9" -m mark --mark 0x10000/0x10000 -j ACCEPT
-A FORWARD -m comment --comment "cali:mp" -j MARK --set-xmark 0x10000/0x10000
-A cali-FORWARD -j MARK --set-xmark 0x0/0xe0000
-A cali-FORWARD -i cali+ -j cali-from-wl-dispatch
-A cali-INPUT -i cali+ -g cali-wl-to-host
-A cali-INPUT -m mark --mark 0x10000/0x10000 -j ACCEPT
-A cali-INPUT -j MARK --set-xmark 0x0/0xf0000
-A cali-INPUT -m mark --mark 0x10000/0x10000 -j ACCEPT
-A cali-from-wl-dispatch -i cali12345 -g cali-fw-cali12345
-A cali-from-wl-dispatch -m comment --comment "Unknown interface" -j DROP
-A cali-fw-cali12345 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A cali-fw-cali12345 -m conntrack --ctstate INVALID -j DROP
-A cali-fw-cali12345 -j MARK --set-xmark 0x0/0x10000
-A cali-fw-cali12345 -j cali-pro-kns.default
-A cali-fw-cali12345 -m mark --mark 0x10000/0x10000 -j RETURN
-A cali-fw-cali12345 -j DROP
-A cali-pro-kns.default -j MARK --set-xmark 0x10000/0x10000
-A cali-pro-kns.default -m mark --mark 0x10000/0x10000 -j RETURN
-A cali-wl-to-host -j cali-from-wl-dispatch
-A cali-wl-to-host -m comment --comment "Configured DefaultEndpointToHostAction" -j ACCEPT
COMMIT
`,
  "flannel and host ports": `*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:CNI-DN-0123456789abcdef01234 - [0:0]
:CNI-HOSTPORT-DNAT - [0:0]
:CNI-HOSTPORT-MASQ - [0:0]
:CNI-HOSTPORT-SETMARK - [0:0]
:FLANNEL-POSTRTG - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
-A OUTPUT -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
-A POSTROUTING -m comment --comment "CNI portfwd requiring masquerade" -j CNI-HOSTPORT-MASQ
-A POSTROUTING -m comment --comment "flanneld masq" -j FLANNEL-POSTRTG
-A CNI-DN-0123456789abcdef01234 -s 10.244.0.0/24 -p tcp -m tcp --dport 8080 -j CNI-HOSTPORT-SETMARK
-A CNI-DN-0123456789abcdef01234 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.244.0.5:80
-A CNI-HOSTPORT-DNAT -p tcp -m multiport --dports 8080 -j CNI-DN-0123456789abcdef01234
-A CNI-HOSTPORT-MASQ -m mark --mark 0x2000/0x2000 -j MASQUERADE
-A CNI-HOSTPORT-SETMARK -j MARK --set-xmark 0x2000/0x2000
-A FLANNEL-POSTRTG -m mark --mark 0x4000/0x4000 -j RETURN
-A FLANNEL-POSTRTG -s 10.244.0.0/24 -d 10.244.0.0/16 -j RETURN
-A FLANNEL-POSTRTG -s 10.244.0.0/16 -d 10.244.0.0/24 -j RETURN
-A FLANNEL-POSTRTG ! -s 10.244.0.0/16 -d 10.244.0.0/24 -j RETURN
-A FLANNEL-POSTRTG -s 10.244.0.0/16 ! -d 224.0.0.0/4 -j MASQUERADE --random-fully
-A FLANNEL-POSTRTG ! -s 10.244.0.0/16 -d 10.244.0.0/16 -j MASQUERADE --random-fully
COMMIT
`,
};

describe("rules of others as they should be", () => {
  it.each(Object.entries(foreign))("%s", (_, text) => {
    expect(findInTexts({ rules: text })).toEqual([]);
  });

  it("and as they should not: behind the RETURN that ends DOCKER-USER", () => {
    const text = (foreign.docker as string).replace(
      "-A DOCKER-USER -j RETURN\n",
      "-A DOCKER-USER -j RETURN\n-A DOCKER-USER -s 198.51.100.0/24 -j DROP\n",
    );
    expect(findInTexts({ rules: text })).toEqual(["rule-unreachable rules:34"]);
  });
});

describe("what collect has written", () => {
  const links = [
    { ifname: "eth0", addr_info: [{ local: "192.0.2.10" }] },
    { ifname: "kube-ipvs0", addr_info: [{ local: "10.96.0.10" }] },
  ];
  const dump = printDocument(
    collectedDocument({
      texts: {
        "ip -j addr": `${JSON.stringify(links)}\n`,
        "iptables-save": "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m set --match-set GONE src -j DROP\nCOMMIT\n",
        "ipset save": "",
        "ipvsadm -Sn": "-A -t 10.96.0.10:80 -s rr\n-A -t 10.96.0.11:80 -s rr\n-A -t 192.0.2.10:30080 -s rr\n",
      },
      failures: { "ip6tables-save": "not installed" },
    }),
  );

  it("is placed by the lines of the whole document", () => {
    const line = (part: string): number => dump.slice(0, dump.indexOf(part)).split("\n").length;
    expect(findInTexts({ dump })).toEqual([
      `set-missing dump:${line("-A INPUT")}`,
      `virtual-server-unbound dump:${line("-A -t 10.96.0.11")}`,
      `host-outputs-contradict dump:${line("==> ipset save") + 1}`,
    ]);
  });

  it("says nothing of sets where ipset is not installed", () => {
    const without = dump.replace("==> ipset save <==\n", "==> ipset save <==\n#! not installed\n");
    expect(findInTexts({ dump: without })).toHaveLength(1);
  });
});

describe("any text", () => {
  const line = fc.oneof(
    fc.constantFrom("*nat", "*filter", "COMMIT", ":A - [0:0]", ":B - [0:0]", ":INPUT ACCEPT [0:0]", "# x", ""),
    fc.constantFrom("-A A -j B", "-A B -g A", "-A INPUT -j A", "-A A -j RETURN", "-A B -m mark ! --mark 0x1 -j DROP"),
    fc.constantFrom("-A A -s 10.0.0.0/255.0.255.0 -j DROP", "-A A ! -d ::/0 -j ACCEPT", "-A INPUT -s 1.2.3.4/99 -j A"),
    fc.constantFrom("create A hash:ip", "add A 10.0.0.1", "-A -t 10.0.0.1:80 -s rr", "==> iptables-save <=="),
    fc.string({ maxLength: 30 }),
  );

  it("gives findings, never an exception, and the same ones again", () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 40 }), (lines) => {
        const text = lines.join("\n");
        expect(findInTexts({ text })).toEqual(findInTexts({ text }));
      }),
      { numRuns: 500 },
    );
  });
});
