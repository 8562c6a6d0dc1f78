import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { firstState, secondState } from "./apply-states.ts";
import { rulesIn, withoutCounts } from "./loaded-rules.ts";
import { type NodeNamespace, openNamespace, type Ran, type RunOptions } from "./namespace.ts";
import { type Backend, whyNoKernel } from "./needs.ts";

const reason = whyNoKernel(["unshare", "nsenter", "ip", "sysctl", "xtables-legacy-multi", "xtables-nft-multi"]);
if (reason !== undefined) console.warn(`SKIPPED: applying rules to a host: ${reason}`);

/** Rules as Docker, ufw and a CNI leave them, some of them before ours, some after. */
const foreignRules = `*mangle
:KUBE-KUBELET-CANARY - [0:0]
COMMIT
*filter
:DOCKER-USER - [0:0]
:ufw-before-input - [0:0]
:CNI-FORWARD - [0:0]
-A INPUT -j ufw-before-input
-A FORWARD -j DOCKER-USER
-A FORWARD -m comment --comment "CNI firewall plugin rules" -j CNI-FORWARD
-A ufw-before-input -p icmp -m icmp --icmp-type 8 -j ACCEPT
-A DOCKER-USER -j RETURN
-A CNI-FORWARD -d 172.17.0.2/32 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
COMMIT
*nat
:DOCKER - [0:0]
:CNI-HOSTPORT-DNAT - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8443 -j DNAT --to-destination 172.17.0.2:443
COMMIT
`;

const conntrackReason = whyNoKernel(["conntrack"]);
if (conntrackReason !== undefined) console.warn(`SKIPPED: forgetting connections: ${conntrackReason}`);

/** A UDP Service on 10.96.0.1. */
const dnsState = firstState
  .replace('"clusterIP":"10.96.0.3"', '"clusterIP":"10.96.0.1"')
  .replace('"port":80,', '"port":53,"protocol":"UDP",')
  .replace('"ports":[{"name":"http","port":8080}]', '"ports":[{"name":"http","port":5353,"protocol":"UDP"}]')
  .replace("10.244.1.5", "ENDPOINT");

describe.skipIf(reason !== undefined).each<Backend>(["legacy", "nft"])("on a host with iptables-%s", (backend) => {
  let node: NodeNamespace;
  const file = (name: string) => join(node.folder, name);

  beforeAll(async () => {
    node = await openNamespace(backend);
    writeFileSync(file("first.json"), firstState);
    writeFileSync(file("second.json"), secondState);
    expect(node.run(["iptables-restore", "--noflush"], { input: foreignRules }).stderr).toBe("");
  });
  afterAll(() => node?.close());

  const portolan = (
    command: string,
    state: string | undefined,
    flags: readonly string[] = [],
    options?: RunOptions,
  ): Ran =>
    node.portolan(
      [command, ...(state === undefined ? [] : ["-f", file(`${state}.json`)]), ...flags, ...backupFlag(command)],
      options,
    );
  const backupFlag = (command: string) =>
    ["apply", "cleanup"].includes(command) ? ["--backup-dir", file("backups")] : [];
  const apply = (state: string, flags: readonly string[] = [], options?: RunOptions) =>
    portolan("apply", state, flags, options);
  const saved = () => {
    const text = ["iptables-save", "ip6tables-save"].map((tool) => node.run([tool]).stdout).join("");
    return { rules: rulesIn(text), sysctl: node.run(["sysctl", "net.ipv4.conf.all.route_localnet"]).stdout };
  };
  /** Line for line, in order; ours left out. */
  const foreignLines = () =>
    withoutCounts(node.run(["iptables-save"]).stdout)
      .split("\n")
      .filter((line) => !/KUBE-(?!KUBELET)/.test(line));

  test("plan, apply, verify, cleanup: what was there before is there again", () => {
    const before = { ...saved(), foreign: foreignLines() };
    expect(portolan("plan", "first")).toMatchObject({ code: 1, stderr: "" });
    expect(apply("first")).toMatchObject({ code: 0, stdout: expect.stringContaining("the host is as wanted") });
    expect(portolan("plan", "first")).toMatchObject({ code: 0, stdout: expect.stringContaining("nothing to do") });
    expect(portolan("verify", "first")).toMatchObject({ code: 0, stdout: expect.stringContaining("no drift") });
    const backups = readdirSync(file("backups")).length;
    expect(apply("first")).toMatchObject({ code: 0, stdout: expect.stringContaining("nothing to do") });
    expect(readdirSync(file("backups")).length, "nothing runs, nothing to go back to").toBe(backups);
    expect(apply("second")).toMatchObject({ code: 0 });
    expect(portolan("verify", "second")).toMatchObject({ code: 0 });
    expect(portolan("cleanup", undefined)).toMatchObject({ code: 0 });
    expect(withoutKubelets(saved().rules)).toEqual(withoutKubelets(before.rules));
    expect(foreignLines()).toEqual(before.foreign);
  });

  test("verify says what is wrong, whom it hurts, and --fix prints what mends it", () => {
    apply("first");
    const dispatch =
      /^-A KUBE-SERVICES -d 10\.96\.0\.3.*$/m.exec(node.run(["iptables-save", "-t", "nat"]).stdout)?.[0] ?? "";
    expect(node.run(["sh", "-c", `iptables -t nat ${dispatch.replace("-A", "-D")}`]).stderr).toBe("");
    node.run(["iptables", "-t", "nat", "-N", "KUBE-SVC-AAAAAAAAAAAAAAAA"]);
    node.run(["iptables", "-I", "FORWARD", "-s", "198.51.100.66", "-j", "DROP"]);
    const { code, stdout } = portolan("verify", "first");
    expect(code).toBe(1);
    expect(stdout).toMatch(/^missing: nat chain KUBE-SERVICES \(IPv4\)\n {2}concerns shop\/web:http$/m);
    expect(stdout).toMatch(/^extra: nat chain KUBE-SVC-A{16} \(IPv4\)\n {2}concerns a Service that is gone$/m);
    expect(stdout).toMatch(/^foreign-before-ours: filter chain FORWARD \(IPv4\)\n.*\n.*198\.51\.100\.66\/32 -j DROP$/m);
    node.run(["iptables", "-D", "FORWARD", "-s", "198.51.100.66", "-j", "DROP"]);
    const script = portolan("verify", "first", ["--fix"]);
    expect(script.code).toBe(1);
    expect(node.run(["sh"], { input: script.stdout })).toMatchObject({ code: 0, stderr: "" });
    expect(portolan("drift", "first")).toMatchObject({ code: 0 });
  });

  test("a saved plan is exactly what runs; one that is stale or edited is refused", () => {
    apply("first");
    const plan = file("node1.plan");
    expect(portolan("plan", "second", ["--out", plan])).toMatchObject({ code: 1 });
    const text = readFileSync(plan, "utf8");
    writeFileSync(file("edited.plan"), text.replace("10.244.1.6", "10.244.1.9"));
    expect(portolan("apply", undefined, [file("edited.plan")])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("instead of editing"),
    });
    apply("second");
    apply("first");
    expect(portolan("apply", undefined, [plan]), "the host is again as it was").toMatchObject({ code: 0 });
    expect(portolan("verify", "second")).toMatchObject({ code: 0 });
    expect(portolan("apply", undefined, [plan])).toMatchObject({ code: 7, stderr: expect.stringContaining("stale") });
  });

  test("every step made to fail, before and after it did its work: the host is as it was", () => {
    for (const [from, to] of [
      ["first", "second"],
      ["second", "first"],
    ] as const) {
      apply(from);
      const before = saved();
      const steps = stepsOf(portolan("plan", to, ["-o", "json"]));
      expect(steps.length).toBeGreaterThan(1);
      for (const [at, { purpose }] of steps.entries()) {
        for (const fault of ["before", "after"]) {
          const { code, stderr } = apply(to, [], { env: { FAULT: fault, FAULT_AT: String(at + 1) } });
          expect({ at, fault, code, stderr }).toMatchObject({
            code: 5,
            stderr: expect.stringContaining(`"${purpose}" failed`),
          });
          expect(saved(), `step ${at + 1} failed ${fault}`).toEqual(before);
        }
      }
    }
  });

  /** A kubelet's jump behind a firewall's, and ours in between: all are to stand where they stood. */
  test("where rules of others stand before and between ours, leading back puts each where it was", () => {
    portolan("cleanup", undefined);
    node.run(["iptables", "-N", "KUBE-FIREWALL"]);
    node.run(["iptables", "-A", "INPUT", "-j", "KUBE-FIREWALL"]);
    apply("first");
    node.run(["iptables", "-I", "INPUT", "2", "-s", "198.51.100.1", "-j", "ACCEPT"]);
    node.run(["iptables", "-t", "nat", "-I", "OUTPUT", "1", "-d", "198.51.100.2", "-j", "ACCEPT"]);
    const before = withoutCounts(node.run(["iptables-save"]).stdout);
    for (const command of ["second", "cleanup"]) {
      for (const at of ["2", "3"]) {
        const options = { env: { FAULT: "after", FAULT_AT: at } };
        const ran = command === "cleanup" ? portolan("cleanup", undefined, [], options) : apply(command, [], options);
        expect({ command, at, ...ran }).toMatchObject({ code: 5 });
        expect(linesOf(withoutCounts(node.run(["iptables-save"]).stdout))).toEqual(linesOf(before));
      }
    }
    node.run(["iptables", "-D", "INPUT", "-s", "198.51.100.1", "-j", "ACCEPT"]);
    node.run(["iptables", "-t", "nat", "-D", "OUTPUT", "-d", "198.51.100.2", "-j", "ACCEPT"]);
  });

  test("rules of ours that stand twice are mended", () => {
    apply("first");
    const before = saved();
    const rules = node.run(["iptables-save"]).stdout.split("\n");
    for (const table of ["filter", "nat"]) {
      const from = rules.indexOf(`*${table}`);
      // What leads to the kubelet's chain, and stands in it, is the kubelet's to say.
      const ours = rules
        .slice(from, rules.indexOf("COMMIT", from))
        .filter((line) => /^-A (KUBE-\S+|.* -j KUBE-)/.test(line) && !line.includes("KUBE-FIREWALL"));
      for (const place of ["-A", "-I"]) {
        const copies = ours.map((line) => line.replace(/^-A/, place)).join("\n");
        expect(node.run(["iptables-restore", "--noflush"], { input: `*${table}\n${copies}\nCOMMIT\n` }).stderr).toBe(
          "",
        );
        expect(portolan("verify", "first").code).toBe(1);
        expect(apply(place === "-A" ? "first" : "second")).toMatchObject({ code: 0 });
        expect(apply("first")).toMatchObject({ code: 0 });
        expect(saved()).toEqual(before);
      }
    }
  });

  test("what cannot be read again is not taken for nothing", () => {
    apply("first");
    const broken = { FAULT_SAVE: "2" };
    const cleanup = portolan("cleanup", undefined, [], { env: broken });
    expect(cleanup).toMatchObject({ code: 6, stderr: expect.stringContaining("cannot be read again") });
    expect(apply("first")).toMatchObject({ code: 0 });
  });

  test("a reader that goes away, or a lost terminal, does not stop it midway", async () => {
    apply("first");
    const piped = node.run([
      "sh",
      "-c",
      `(${process.execPath} ${cliPath} apply -f ${file("second.json")} --backup-dir ${file("backups")}; echo $? > ${file("code")}) | true`,
    ]);
    expect(piped.code).toBe(0);
    expect(readFileSync(file("code"), "utf8")).toBe("0\n");
    expect(portolan("verify", "second")).toMatchObject({ code: 0 });
    apply("first");
    const before = saved();
    const child = node.start([
      "apply",
      "-f",
      file("second.json"),
      "--backup-dir",
      file("backups"),
      "--confirm-within",
      "20s",
    ]);
    let said = "";
    child.stderr?.on("data", (data: Buffer) => {
      said += data;
    });
    while (!said.includes("Keep it?")) await new Promise((resolve) => setTimeout(resolve, 50));
    child.kill("SIGHUP");
    await once(child, "exit");
    expect(saved()).toEqual(before);
  });

  test("dry runs change nothing, whatever they are of", () => {
    apply("first");
    const before = saved();
    const plan = file("dry.plan");
    portolan("plan", "second", ["--out", plan]);
    expect(apply("second", ["--dry-run", "host"])).toMatchObject({ code: 0 });
    expect(apply("second", ["--dry-run", "client"])).toMatchObject({ code: 0 });
    expect(portolan("apply", undefined, [plan, "--dry-run", "host"])).toMatchObject({ code: 0 });
    expect(portolan("apply", undefined, [plan, "--dry-run", "client"])).toMatchObject({ code: 2 });
    expect(portolan("cleanup", undefined, ["--dry-run"])).toMatchObject({ code: 0 });
    expect(saved()).toEqual(before);
  });

  test("killed before or after any step: the next apply brings the host to what is wanted", () => {
    for (const fault of ["kill-before", "kill-after"]) {
      apply("first");
      const steps = stepsOf(portolan("plan", "second", ["-o", "json"]));
      for (let at = 1; at <= steps.length; at++) {
        apply("first");
        const killed = apply("second", [], { env: { FAULT: fault, FAULT_AT: String(at) } });
        expect({ at, fault, code: killed.code }).toMatchObject({ code: 137 });
        expect(apply("second")).toMatchObject({ code: 0 });
        expect(portolan("verify", "second")).toMatchObject({ code: 0 });
      }
    }
  });

  test("a tool that lies: reading back finds it, and the host is led back", () => {
    apply("first");
    const before = saved();
    const { code, stderr } = apply("second", [], { env: { FAULT: "lie", FAULT_AT: "1" } });
    expect({ code, stderr }).toMatchObject({ code: 5, stderr: expect.stringContaining("not as wanted") });
    expect(saved()).toEqual(before);
  });

  test("when leading back fails as well, it says so, and --restore leads back later", () => {
    apply("first");
    const before = saved();
    const { code, stderr } = apply("second", [], { env: { FAULT: "from-on", FAULT_AT: "2" } });
    expect({ code, stderr }).toMatchObject({
      code: 6,
      stderr: expect.stringContaining("leading the host back failed as well"),
    });
    const backup = /--restore (\S+)/.exec(stderr)?.[1] ?? "";
    expect(existsSync(backup)).toBe(true);
    expect(portolan("apply", undefined, ["--restore", backup])).toMatchObject({ code: 0 });
    expect(saved()).toEqual(before);
  });

  test("without confirmation it goes back", () => {
    apply("first");
    const before = saved();
    expect(apply("second", ["--confirm-within", "1s"], { input: "no\n" })).toMatchObject({ code: 5 });
    expect(saved()).toEqual(before);
    expect(apply("second", ["--confirm-within", "5s"], { input: "yes\n" })).toMatchObject({ code: 0 });
  });

  test("interrupted: the running step ends, the host is led back", async () => {
    apply("first");
    const before = saved();
    for (const [signal, code] of [
      ["SIGINT", 130],
      ["SIGTERM", 143],
    ] as const) {
      const child = node.start(["apply", "-f", file("second.json"), "--backup-dir", file("backups")], {
        env: { FAULT: "slow", FAULT_AT: "1", FAULT_SECONDS: "1" },
      });
      let said = "";
      let isSent = false;
      child.stderr?.on("data", (data: Buffer) => {
        said += data;
        if (said.includes("--restore") && !isSent) isSent = child.kill(signal);
      });
      const [ended] = await once(child, "exit");
      expect({ signal, ended, said }).toMatchObject({ ended: code, said: expect.stringContaining("as it was before") });
      expect(saved()).toEqual(before);
    }
  });

  test("two at once: the second is refused", async () => {
    apply("first");
    const child = node.start(["apply", "-f", file("second.json"), "--backup-dir", file("backups")], {
      env: { FAULT: "slow", FAULT_AT: "1", FAULT_SECONDS: "2" },
    });
    await once(child.stderr as NodeJS.ReadableStream, "data");
    expect(apply("first")).toMatchObject({ code: 4, stderr: expect.stringContaining("another portolan") });
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  test("no room for a backup: refused before anything is touched", () => {
    apply("first");
    const before = saved();
    const { code, stderr } = node.run([
      "sh",
      "-c",
      `ulimit -f 1; exec ${process.execPath} ${cliPath} apply -f ${file("second.json")} --backup-dir ${file("full")}`,
    ]);
    expect({ code, stderr }).toMatchObject({ code: 4, stderr: expect.stringContaining("cannot keep a backup") });
    expect(saved()).toEqual(before);
  });

  test("kube-proxy runs here: refused, unless told otherwise", async () => {
    apply("first");
    const other = node.start(["--version"]);
    await once(other, "exit");
    node.run(["sh", "-c", `cp ${process.execPath} ${file("kube-proxy")}`]);
    const holder = node.run([
      "sh",
      "-c",
      `${file("kube-proxy")} -e "setTimeout(() => {}, 20000)" >/dev/null 2>&1 & echo $!`,
    ]);
    expect(apply("second")).toMatchObject({ code: 4, stderr: expect.stringContaining("is a kube-proxy") });
    expect(apply("second", ["--replace-kube-proxy"])).toMatchObject({ code: 0 });
    node.run(["kill", holder.stdout.trim()]);
  });

  test("a set or chain of others that leads to ours: ours is emptied, theirs stays", () => {
    apply("first");
    node.run(["iptables", "-t", "nat", "-A", "DOCKER", "-d", "10.96.0.99", "-j", "KUBE-MARK-MASQ"]);
    expect(portolan("cleanup", undefined)).toMatchObject({ code: 0 });
    expect(node.run(["iptables-save", "-t", "nat"]).stdout).toContain("-A DOCKER -d 10.96.0.99/32 -j KUBE-MARK-MASQ");
    expect(portolan("cleanup", undefined)).toMatchObject({ code: 0, stdout: expect.stringContaining("nothing to do") });
    node.run(["iptables", "-t", "nat", "-D", "DOCKER", "-d", "10.96.0.99", "-j", "KUBE-MARK-MASQ"]);
    expect(portolan("cleanup", undefined)).toMatchObject({ code: 0 });
  });

  test.skipIf(conntrackReason !== undefined)(
    "UDP connections to an endpoint that is gone are forgotten, no others",
    () => {
      const state = (endpoint: string) => dnsState.replaceAll("ENDPOINT", endpoint);
      writeFileSync(file("before.json"), state("10.244.1.5"));
      writeFileSync(file("after.json"), state("10.244.1.6"));
      expect(apply("before").code).toBe(0);
      const flow = (client: string, to: string, from: string) =>
        `-p udp -s ${client} -d ${to} --sport 4711 --dport 53 --reply-src ${from} --reply-dst ${client} --reply-port-src 5353 --reply-port-dst 4711 -t 300`;
      for (const [client, to, from] of [
        ["10.244.1.9", "10.96.0.1", "10.244.1.5"],
        ["10.244.1.10", "10.96.0.1", "10.244.1.6"],
        ["10.244.1.11", "10.96.0.77", "10.244.1.5"],
      ] as const) {
        expect(node.run(["sh", "-c", `conntrack -I ${flow(client, to, from)}`]).code).toBe(0);
      }
      expect(apply("after")).toMatchObject({ code: 0, stdout: expect.stringContaining("forget 1 connection ") });
      const left = node.run(["conntrack", "-L", "-p", "udp"]).stdout;
      expect(left.match(/src=10\.244\.1\.\d+(?= dst=10\.96)/g)?.sort()).toEqual(["src=10.244.1.10", "src=10.244.1.11"]);
      expect(apply("after")).toMatchObject({ code: 0, stdout: expect.stringContaining("nothing to do") });
    },
  );

  test("what collect and its script print is the same host", () => {
    apply("first");
    const direct = node.portolan(["collect"]);
    const script = node.run(["sh"], { input: node.portolan(["collect", "--script"]).stdout });
    expect(script.code).toBe(0);
    for (const [name, text] of Object.entries({ direct: direct.stdout, script: script.stdout })) {
      writeFileSync(file(`${name}.txt`), text);
      expect(portolan("verify", "first", ["--actual", file(`${name}.txt`)]), name).toMatchObject({ code: 0 });
      expect(portolan("plan", "second", ["--actual", file(`${name}.txt`)]), name).toMatchObject({ code: 1 });
    }
    writeFileSync(file("cut.txt"), direct.stdout.slice(0, -20));
    expect(portolan("verify", "first", ["--actual", file("cut.txt")])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("cut off"),
    });
  });
});

const cliPath = new URL("../../dist/cli/portolan.js", import.meta.url).pathname;

/** Built-in chains line by line, in order; the order in which chains are printed says nothing. */
function linesOf(save: string): unknown {
  return rulesIn(save);
}

function stepsOf({ stdout }: Ran): readonly { readonly purpose: string }[] {
  return JSON.parse(stdout).steps;
}

/** The kubelet's chain stays where a kubelet is, with what leads to it. */
function withoutKubelets(rules: ReturnType<typeof rulesIn>): unknown {
  const chains = [...rules].filter(([chain]) => !chain.includes("KUBE-FIREWALL"));
  const others = chains.map(
    ([chain, lines]) => [chain, lines.filter((line) => !line.includes("KUBE-FIREWALL"))] as const,
  );
  return new Map(others.filter(([, lines]) => lines.length > 0));
}
