import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parseTables } from "../../src/languages/iptables/parse.ts";
import { printRule } from "../../src/languages/iptables/write-rule.ts";
import { skipFor } from "../harness/skip.ts";
import { rulesInAnyForm } from "./loaded-rules.ts";
import { type Backend, makeToolFolder, whyNoKernel } from "./needs.ts";

const reason = whyNoKernel(["unshare", "xtables-legacy-multi", "xtables-nft-multi"]);

const folder = mkdtempSync(join(tmpdir(), "portolan-spellings-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** By table, rules as people write them; the real tool says how they are saved. */
const written: Readonly<Record<string, readonly string[]>> = {
  filter: [
    "-p tcp -m multiport --dports 80,443,8000:8010 -j ACCEPT",
    "-p udp -m multiport ! --sports 53 -j ACCEPT",
    "-p tcp -m multiport --ports 53,5000:5010 -j ACCEPT",
    "-m state --state NEW,ESTABLISHED -j ACCEPT",
    "-m state ! --state INVALID -j ACCEPT",
    "-m connmark --mark 1 -j ACCEPT",
    "-m connmark ! --mark 0x1/0xff -j ACCEPT",
    "-p tcp --syn -j ACCEPT",
    "-p tcp ! --syn --dport 80 -j ACCEPT",
    "-p tcp --tcp-flags ALL NONE -j DROP",
    "-p tcp --sport :1024 -j DROP",
    "-p tcp ! --sport 1000 ! --dport 80 -j DROP",
    "-p udp --sport 67 --dport 68 -j DROP",
    "-m iprange --src-range ADDR1-ADDR2 -j DROP",
    "-m iprange ! --src-range ADDR1-ADDR2 --dst-range ADDR1 -j DROP",
    "-o eth0 -j DROP",
    "! -o eth+ -j DROP",
    "-i eth0 -o eth1 -p tcp -j DROP",
    "-p ICMP --TYPE echo-request -j ACCEPT",
    "-g ELSEWHERE",
  ],
  nat: [
    "-p tcp --dport 80 -j REDIRECT --to-ports 8080",
    "-p tcp --dport 80 -j REDIRECT --to-ports 8080-8090 --random",
    "-p tcp --dport 80 -j REDIRECT",
    "-d ADDR1 -j NETMAP --to ADDR2",
    "-j DNAT --to-destination ADDR1-ADDR2",
    "-p tcp -j DNAT --to-destination :80",
  ],
  raw: ["-j NOTRACK", "-j CT --notrack"],
  mangle: [
    "-p tcp -j TPROXY --on-port 1234",
    "-j MARK --set-mark 1",
    "-j MARK --or-mark 0x10",
    "-j MARK --and-mark 0x10",
    "-j MARK --xor-mark 0x10",
    "-j CONNMARK --set-mark 1",
    "-j CONNMARK --save-mark",
    "-j CONNMARK --restore-mark --nfmask 0xff --ctmask 0xf0",
  ],
};

/** POSTROUTING takes SNAT alone. */
const leaving = ["-j SNAT --to-source ADDR1", "-p tcp -j SNAT --to-source ADDR1-ADDR2 --random --persistent"];

interface Tool {
  readonly name: "iptables" | "ip6tables";
  readonly addresses: readonly [string, string];
  readonly icmp: readonly [string, string];
}

const tools: readonly Tool[] = [
  { name: "iptables", addresses: ["10.0.0.1", "10.0.0.9"], icmp: ["icmp", "icmp-type"] },
  { name: "ip6tables", addresses: ["fd00::1", "fd00::9"], icmp: ["ipv6-icmp", "icmpv6-type"] },
];

function restoreText({ addresses, icmp }: Tool): string {
  const hooks: Readonly<Record<string, string>> = {
    filter: "MINE",
    nat: "PREROUTING",
    raw: "PREROUTING",
    mangle: "PREROUTING",
  };
  const own = (rule: string) =>
    rule
      .replaceAll("ADDR1", addresses[0])
      .replaceAll("ADDR2", addresses[1])
      .replace("ICMP", icmp[0])
      .replace("TYPE", icmp[1]);
  return Object.entries(written)
    .flatMap(([table, rules]) => [
      `*${table}`,
      ...(table === "filter" ? [":MINE - [0:0]", ":ELSEWHERE - [0:0]"] : []),
      ...rules.map((rule) => `-A ${hooks[table]} ${own(rule)}`),
      ...(table === "nat" ? leaving.map((rule) => `-A POSTROUTING ${own(rule)}`) : []),
      "COMMIT",
      "",
    ])
    .join("\n");
}

describe.each<Backend>(["legacy", "nft"])("iptables-%s", skipFor(reason), (backend) => {
  const path = reason === undefined ? makeToolFolder(join(folder, backend), backend) : "";

  test.each(tools)("$name: what it saves is read as kinds, and written as it was saved", (tool) => {
    const text = restoreText(tool);
    const listings = Object.keys(written).map(
      (table) => `echo '$ ${tool.name} -t ${table} -nvL'; ${tool.name} -t ${table} -nvL`,
    );
    const script = `${tool.name}-restore && ${tool.name}-save && echo '# listed' && ${listings.join(" && ")}`;
    const env = { ...process.env, PATH: `${path}:${process.env.PATH}`, XTABLES_LOCKFILE: join(folder, "lock") };
    const { status, stdout, stderr } = spawnSync("unshare", ["-n", "sh", "-c", script], {
      encoding: "utf8",
      input: text,
      env,
    });
    expect(stderr, stderr).toBe("");
    expect(status).toBe(0);
    const [saved = "", listed = ""] = stdout.split("# listed\n");
    const { tables, problems } = parseTables(saved);
    expect(problems).toEqual([]);
    const rules = tables.flatMap(({ chains }) => chains.flatMap((chain) => chain.rules));
    expect(rules).toHaveLength(text.split("\n").filter((line) => line.startsWith("-A ")).length);
    for (const rule of rules) {
      expect(printRule({ ...rule, counters: undefined })).toBe(rule.text);
      const isUnknown = rule.target.kind === "unknown" || rule.matches.some(({ kind }) => kind === "unknown");
      expect(isUnknown, rule.text).toBe(false);
    }
    expect(rulesInAnyForm(listed).rules).toEqual(rulesInAnyForm(saved).rules);
  });
});
