import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { explainSchema } from "../../../../src/report/schema-explain.ts";
import { runCli, workspace } from "../../../harness/run-cli.ts";

const golden = new URL("../../../../golden/affinity-clientip/", import.meta.url).pathname;
const state = ["-f", `${golden}cluster.yaml`, "--mode", "nftables", "--node", "node1"];
const chain = "service-RGSFJTGU-default/cart/tcp/";
const endpoint = "endpoint-B6GWQDRT-default/cart/tcp/__10.0.1.5/8080";
const element = `10.96.0.50 . tcp . 80 : goto ${chain}`;

/** kube-proxy's table as a host lists it, beside that of a firewall and of Docker. */
const foreign = `table inet firewalld {
	set trusted {
		type ipv4_addr
		flags interval
		elements = { 10.0.0.0/8, 192.0.2.7 }
	}

	chain filter_INPUT { # handle 5
		type filter hook input priority filter + 10; policy accept;
		ct state established,related accept # handle 7
		ip saddr @trusted tcp dport { 22, 80 } counter packets 12 bytes 700 accept # handle 8
		jump filter_INPUT_ZONES # handle 9
	}

	chain filter_INPUT_ZONES {
		tcp dport vmap { 22 : accept, 23 : drop }
	}
}
table ip filter {
	chain DOCKER {
		ip daddr 172.17.0.2 oifname "docker0" tcp dport 80 counter packets 0 bytes 0 accept
	}

	chain FORWARD {
		type filter hook forward priority filter; policy drop;
		oifname "docker0" counter packets 0 bytes 0 jump DOCKER
	}
}
`;
const compiled = readFileSync(`${golden}nftables/nftables.ip.nft`, "utf8");
const ruleset = compiled.replace(/^(?:add|delete) table .*\n/gm, "") + foreign;

async function explain(...args: readonly string[]): Promise<string> {
  const { stdout, stderr, code } = await runCli(["explain", ...args]);
  expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  return stdout;
}

/** The words alone, without the breaks of lines. */
async function words(...args: readonly string[]): Promise<string> {
  return (await explain(...args)).replace(/\s+/g, " ");
}

describe("explain in the nftables mode", () => {
  it("a map: what it holds, element by element, and who looks it up", async () => {
    const text = await words("service-ips", ...state);
    expect(text).toContain("the addresses of all Services");
    expect(text).toContain(`10.96.0.50, TCP, port 80: go to ${chain}`);
    expect(text).toMatch(/from Service default\/cart spec\.clusterIP \(\S+cluster\.yaml:14:14\)/);
    expect(text).toContain("Rules that look it up services rule 1: every packet: look up destination");
  });

  it("a chain: whose, who leads there, through which element, and what share", async () => {
    const text = await words(chain, ...state);
    expect(text).toContain("It balances traffic for default/cart over its endpoints in the cluster.");
    expect(text).toContain("Reached from nat-output, nat-prerouting.");
    expect(text).toContain("Elements of maps that lead here service-ips element 1: 10.96.0.50, TCP, port 80");
    expect(text).toContain(`-> 33.3%: ${endpoint}`);
  });

  it.each([
    ["its element", element],
    ["the key of its element", "10.96.0.50 . tcp . 80"],
    ["the element, as one adds it", `add element ip kube-proxy service-ips { ${element} }`],
    ["a line of the element", "nftables.ip.nft:70"],
  ])("%s", async (_, asked) => {
    const text = await words(asked, ...state);
    expect(text).toContain("It is an element of map service-ips, table ip kube-proxy");
    expect(text).toContain("It is from Service default/cart spec.clusterIP");
  });

  it.each([
    ["a rule", "ip daddr . meta l4proto . th dport vmap @service-ips"],
    ["a rule with its chain", "add rule ip kube-proxy services ip daddr . meta l4proto . th dport vmap @service-ips"],
    ["a line of the rule", "nftables.ip.nft:171"],
  ])("%s", async (_, asked) => {
    const text = await words(asked, ...state);
    expect(text).toContain("look up destination, protocol and port in map service-ips");
    expect(text).toContain("It is rule 1 of services in table ip kube-proxy, on node1 (nftables.ip.nft:171).");
  });

  it("names that are types as well, tables before chains, and lines within a block", async () => {
    for (const asked of [["services"], ["kube-proxy", "services"], ["ip kube-proxy services"], ["chain services {"]])
      expect(await words(...asked, ...state)).toContain("It finds the Service of a packet");
    expect(await words("nftables.ip.nft:67", ...state)).toContain("A map of type");
  });

  it.each([
    ["service-ipz", "nftables", 2, "did you mean service-ips?"],
    [chain.replace("cart", "card"), "nftables", 3, `did you mean ${chain}?`],
    ["services", "iptables", 2, "write it as services/NAMESPACE/NAME"],
    ["service-ips", "iptables", 3, "only the nftables mode has it (--mode nftables)"],
    ["nftables.ip.nft:3000", "nftables", 3, "is neither a rule nor a chain"],
  ])("%s is not there in %s mode", async (asked, mode, code, message) => {
    const result = await runCli(["explain", asked, "-f", `${golden}cluster.yaml`, "--mode", mode, "--node", "node1"]);
    expect(result).toMatchObject({ code, stdout: "" });
    expect(result.stderr.replace(/\s+/g, " ")).toContain(message);
  });

  it("why a chain is not there", async () => {
    const text = await words(chain.replace("service-", "local-"), ...state);
    expect(text).toContain(`none of its traffic policies is Local, so ${chain} handles its traffic`);
  });

  it("a picture: maps, and their elements on the edges", async () => {
    const text = await explain("service/default/cart", ...state, "-o", "mermaid");
    expect(text).toContain('[("ip kube-proxy map service-ips")]');
    expect(text).toContain('-->|"10.96.0.50 . tcp . 80"|');
    expect(text).toContain('("10.0.1.5:8080")');
  });

  it("JSON keeps to its schema", async () => {
    const validate = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true }).compile(explainSchema);
    for (const asked of ["service-ips", chain, element, "nftables.ip.nft:163"]) {
      validate(JSON.parse(await explain(asked, ...state, "-o", "json")));
      expect(validate.errors).toBeNull();
    }
  });
});

describe("explain --actual with the rules of nft", () => {
  const here = workspace({
    "ruleset.txt": ruleset,
    "docker.save": "*filter\n:DOCKER - [0:0]\n-A DOCKER -j DROP\nCOMMIT\n",
  });
  const dump = ["--actual", `${here}/ruleset.txt`];

  it("chains and sets of other programs, with handles and counters", async () => {
    expect(await words("filter_INPUT", ...dump)).toContain(
      "It is a base chain: the kernel calls it at hook input (type filter, priority 10, policy accept).",
    );
    expect(await words("inet firewalld filter_INPUT_ZONES", ...dump)).toContain("-> 22: accepted");
    expect(await words("firewalld trusted", ...dump)).toContain("not a set of kube-proxy. 2 elements 10.0.0.0/8");
    const rule = "ip saddr @trusted tcp dport { 80, 22 } counter packets 1 bytes 1 accept # handle 8";
    expect(await words(rule, ...dump)).toContain("It is rule 2 of filter_INPUT in table inet firewalld");
  });

  it("a name in texts of both tools is answered for both", async () => {
    const text = await words("DOCKER", ...dump, "--actual", `${here}/docker.save`);
    expect(text).toContain("Table ip filter (");
    expect(text).toContain("Table filter, IPv4 (");
  });

  it("with causes, where there is state; whose an address is, where there is none", async () => {
    expect(await words("service-ips", ...dump, ...state)).toContain("from Service default/cart spec.clusterIP");
    expect(await words("10.96.0.50:80", ...dump)).toContain("address of Service default/cart, port 80");
    expect(await words("service/default/cart", ...dump)).toContain("-> ip kube-proxy map service-ips");
  });
});
