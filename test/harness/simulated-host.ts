import type { Step } from "../../src/ir/artifact.ts";
import { targetOf } from "../../src/languages/iptables/rule-lines.ts";
import { rulesetCommand, tablesCommand } from "../../src/languages/nftables/language.ts";
import { sysctlCommand } from "../../src/languages/sysctl.ts";
import { type CollectedTexts, collectHeadings } from "../../src/reconcile/live/collected-document.ts";

import { SimulatedTables } from "./simulated-nft.ts";
import { type TracedOutcome, type TracedPacket, tracedHost, tracePacket } from "./trace.ts";

type Chains = Map<string, string[]>;
type Tables = Map<string, Chains>;

const builtInChains: Readonly<Record<string, readonly string[]>> = {
  filter: ["INPUT", "FORWARD", "OUTPUT"],
  nat: ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
  mangle: ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
};

/** As strict as the kernel: what it would refuse throws. */
export class SimulatedHost {
  readonly tables: Readonly<Record<"ipv4" | "ipv6", Tables>> = { ipv4: new Map(), ipv6: new Map() };
  readonly sets = new Map<string, { create: string; entries: string[] }>();
  readonly servers = new Map<string, { options: string; realServers: Map<string, string> }>();
  readonly nftables = new SimulatedTables();
  /** Which rules packets meet first at equal priorities. The kernel calls those that were registered last. */
  first: "iptables" | "nftables" = "iptables";
  addresses: Set<string> | undefined;
  readonly sysctls = new Map<string, string>([
    ["net.ipv4.conf.all.arp_announce", "0"],
    ["net.ipv4.conf.all.arp_ignore", "0"],
    ["net.ipv4.conf.all.route_localnet", "0"],
    ["net.ipv4.ip_forward", "1"],
  ]);
  timeouts: string | undefined;
  /** Of nfacct. */
  readonly counters = new Set<string>();
  /** Told whenever something has changed: what a packet meets from now on. */
  observe: () => void = () => {};
  backend: "legacy" | "nft" = "legacy";

  run({ argv, stdin }: Step): void {
    const command = argv.join(" ");
    if (argv[0] === "iptables-restore") this.restore(this.tables.ipv4, stdin);
    else if (argv[0] === "ip6tables-restore") this.restore(this.tables.ipv6, stdin);
    else if (command === "nft -f -") this.nftables.run(stdin);
    else if (command === "ipset restore -exist") this.eachLine(stdin, (line) => this.ipset(line));
    else if (command === "ipvsadm --restore") this.eachLine(stdin, (line) => this.ipvsadm(line));
    else if (command === "ipvsadm -Sn") this.loadIpvs();
    else if (command === "ip link add kube-ipvs0 type dummy") this.addresses = new Set();
    else if (command === "ip link del kube-ipvs0") this.addresses = undefined;
    else if (command === "ip -batch -") this.eachLine(stdin, (line) => this.ip(line));
    else if (command === "sysctl -p -") this.eachLine(stdin, (line) => this.sysctl(line));
    else if (argv[0] === "ipvsadm" && argv[1] === "--set") this.timeouts = argv.slice(2).join(" ");
    else if (command === "xargs ipvsadm") this.timeouts = stdin.trim().replace(/^--set /, "");
    else if (command === "xargs -n 1 nfacct add") this.eachLine(stdin, (line) => this.nfacct("add", line));
    else if (argv[0] === "nfacct") this.nfacct(argv[1], argv[2] ?? "");
    else throw new Error(`not simulated: ${command}`);
    this.observe();
  }

  private eachLine(text: string, act: (line: string) => void): void {
    for (const line of text.split("\n")) {
      if (line === "") continue;
      act(line);
      this.observe();
    }
  }

  private loadIpvs(): void {
    this.timeouts ??= "900 120 300";
    for (const name of ["conntrack", "expire_nodest_conn", "expire_quiescent_template"]) {
      this.sysctls.set(`net.ipv4.vs.${name}`, this.sysctls.get(`net.ipv4.vs.${name}`) ?? "0");
    }
  }

  private nfacct(command: string | undefined, name: string): void {
    if (this.counters.has(name) === (command === "add")) throw new Error(`counter ${name}: cannot ${command}`);
    if (command === "add") this.counters.add(name);
    else this.counters.delete(name);
  }

  private restore(tables: Tables, text: string): void {
    let open: { readonly name: string; readonly chains: Chains } | undefined;
    for (const line of text.split("\n")) {
      if (line.startsWith("*")) open = { name: line.slice(1), chains: copyOf(tables, line.slice(1)) };
      else if (open === undefined) continue;
      else if (line === "COMMIT") {
        this.checkTable(open.chains);
        tables.set(open.name, open.chains);
        open = undefined;
        this.observe();
      } else changeChains(open.chains, line);
    }
    if (open !== undefined) throw new Error("no COMMIT");
  }

  private checkTable(chains: Chains): void {
    for (const line of [...chains.values()].flat()) {
      const target = targetOf(line);
      if (target?.startsWith("KUBE-") && !chains.has(target)) throw new Error(`there is no chain ${target}: ${line}`);
      const counter = /--nfacct-name +(\S+)/.exec(line)?.[1];
      if (counter !== undefined && !this.counters.has(counter)) throw new Error(`there is no counter: ${line}`);
      const set = /--match-set (\S+)/.exec(line)?.[1];
      if (set !== undefined && !this.sets.has(set)) throw new Error(`there is no set ${set}: ${line}`);
    }
  }

  private ipset(line: string): void {
    const [command = "", name = "", value = ""] = line.split(" ");
    const set = this.sets.get(name);
    if (command === "create") {
      if (set === undefined) this.sets.set(name, { create: line, entries: [] });
      else if (set.create !== line) throw new Error(`another set ${name} already exists`);
      return;
    }
    if (set === undefined) throw new Error(`there is no set ${name}`);
    if (command === "add" && !set.entries.includes(value)) set.entries.push(value);
    else if (command === "del") set.entries = set.entries.filter((entry) => entry !== value);
    else if (command === "flush") set.entries = [];
    else if (command === "destroy") {
      const all = [this.tables.ipv4, this.tables.ipv6].flatMap((tables) => [...tables.values()]);
      const user = all.flatMap((chains) => [...chains.values()].flat()).find((rule) => rule.includes(`-set ${name} `));
      if (user !== undefined) throw new Error(`set ${name} is in use: ${user}`);
      this.sets.delete(name);
    }
  }

  private ipvsadm(line: string): void {
    const [command = "", option, address, ...rest] = line.split(" ");
    const key = `${option} ${address}`;
    const server = this.servers.get(key);
    if (command === "-A") {
      if (server !== undefined) throw new Error(`service already exists: ${line}`);
      this.servers.set(key, { options: rest.join(" "), realServers: new Map() });
      return;
    }
    if (server === undefined) throw new Error(`no such service: ${line}`);
    const real = rest[1] ?? "";
    if (command === "-E") server.options = rest.join(" ");
    else if (command === "-D") this.servers.delete(key);
    else if (server.realServers.has(real) !== (command !== "-a")) throw new Error(`destination: ${line}`);
    else if (command === "-d") server.realServers.delete(real);
    else server.realServers.set(real, rest.slice(2).join(" "));
  }

  private ip(line: string): void {
    const [, command, cidr = ""] = line.split(" ");
    if (this.addresses === undefined) throw new Error(`there is no device: ${line}`);
    if (command === "replace") this.addresses.add(cidr);
    else if (!this.addresses.delete(cidr)) throw new Error(`there is no such address: ${line}`);
  }

  private sysctl(line: string): void {
    const [name = "", value = ""] = line.split(" = ");
    if (!this.sysctls.has(name)) throw new Error(`there is no setting ${name}`);
    this.sysctls.set(name, value);
  }

  /** As iptables-save prints it. */
  save(family: "ipv4" | "ipv6"): string {
    return [...this.tables[family]]
      .map(([name, chains]) => {
        const declared = [...chains.keys()].map(
          (chain) => `:${chain} ${builtInChains[name]?.includes(chain) ? "ACCEPT" : "-"} [0:0]`,
        );
        return [`*${name}`, ...declared, ...[...chains.values()].flat(), "COMMIT", ""].join("\n");
      })
      .join("");
  }

  private saveSets(): string {
    const sets = [...this.sets].map(([name, { create, entries }]) => [
      create,
      ...entries.map((entry) => `add ${name} ${entry}`),
    ]);
    return sets
      .flat()
      .map((line) => `${line}\n`)
      .join("");
  }

  private saveServers(): string {
    const lines = [...this.servers].flatMap(([key, { options, realServers }]) => [
      `-A ${key} ${options}`,
      ...[...realServers].map(([address, rest]) => `-a ${key} -r ${address} ${rest}`),
    ]);
    return lines.map((line) => `${line}\n`).join("");
  }

  /** What collect would find. */
  dump(): CollectedTexts {
    const version = this.backend === "nft" ? "iptables v1.8.9 (nf_tables)\n" : "iptables v1.8.9 (legacy)\n";
    const bound = [...(this.addresses ?? [])].map((cidr) => ({ local: cidr.replace(/\/\d+$/, ""), scope: "global" }));
    const links = [
      { ifname: "lo", link_type: "loopback", addr_info: [{ local: "127.0.0.1" }] },
      { ifname: "eth0", link_type: "ether", addr_info: [{ local: "192.0.2.10", scope: "global" }] },
      ...(this.addresses === undefined ? [] : [{ ifname: "kube-ipvs0", link_type: "ether", addr_info: bound }]),
    ];
    const texts: Partial<Record<string, string>> = {
      "uname -n": "node1\n",
      "ip -j addr": `${JSON.stringify(links)}\n`,
      "iptables --version": version,
      "ip6tables --version": version,
      "iptables-save": this.save("ipv4"),
      "ip6tables-save": this.save("ipv6"),
      [tablesCommand]: this.nftables.names(),
      [rulesetCommand]: this.nftables.list(),
      "ipset save": this.saveSets(),
      "ipvsadm -Sn": this.saveServers(),
      [sysctlCommand]: [...this.sysctls].map(([name, value]) => `${name} = ${value}\n`).join(""),
    };
    if (this.timeouts !== undefined) texts["ipvsadm -L --timeout"] = `Timeout (tcp tcpfin udp): ${this.timeouts}\n`;
    const absent = collectHeadings.filter((command) => texts[command] === undefined);
    return { texts, failures: Object.fromEntries(absent.map((command) => [command, "not installed"])) };
  }

  /** Where the first packet of a connection ends, as things stand. */
  trace(packet: TracedPacket): readonly TracedOutcome[] {
    const host = tracedHost({
      rules: { ipv4: this.save("ipv4"), ipv6: this.save("ipv6") },
      tables: this.nftables.list(),
      first: this.first,
      sets: this.saveSets(),
      servers: this.saveServers(),
      serviceAddresses: [...(this.addresses ?? [])].map((cidr) => cidr.replace(/\/\d+$/, "")),
      nodeAddresses: ["192.0.2.10"],
    });
    return tracePacket(host, packet);
  }
}

function copyOf(tables: Tables, name: string): Chains {
  const empty = (builtInChains[name] ?? []).map((chain): [string, string[]] => [chain, []]);
  return new Map([...(tables.get(name) ?? empty)].map(([chain, rules]) => [chain, [...rules]]));
}

function changeChains(chains: Chains, line: string): void {
  const [, command = "", name = "", rest = ""] = /^(:|-[AIDX] )(\S+) ?(.*)$/.exec(line) ?? [];
  const rules = chains.get(name);
  if (command === ":") {
    chains.set(name, []);
    return;
  }
  if (rules === undefined) throw new Error(`there is no chain: ${line}`);
  if (command === "-A ") rules.push(line);
  else if (command === "-I ") {
    const [, position, rule] = /^(\d+) (.*)$/.exec(rest) ?? [];
    if (Number(position) > rules.length + 1) throw new Error(`index too big: ${line}`);
    rules.splice(Number(position) - 1, 0, `-A ${name} ${rule}`);
  } else if (command === "-D " && /^\d+$/.test(rest)) {
    if (Number(rest) > rules.length) throw new Error(`index too big: ${line}`);
    rules.splice(Number(rest) - 1, 1);
  } else if (command === "-D ") {
    const at = rules.indexOf(`-A ${name} ${rest}`);
    if (at < 0) throw new Error(`there is no such rule: ${line}`);
    rules.splice(at, 1);
  } else {
    if (rules.length > 0) throw new Error(`the chain is not empty: ${line}`);
    const leader = [...chains.values()].flat().find((rule) => targetOf(rule) === name);
    if (leader !== undefined) throw new Error(`${leader} leads to it: ${line}`);
    chains.delete(name);
  }
}
