import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cluster, node, service, slice } from "../../../harness/cluster-text.ts";
import { hasControls } from "../../../harness/controls.ts";
import { runCli, workspace } from "../../../harness/run-cli.ts";
import { collected, compare, compiledBoth, moved, movedVips, saved, vips } from "./compare-sides.ts";

describe("a side of diff", () => {
  it("is manifests: a file, a folder, standard input, git", async () => {
    const cwd = workspace({
      "base/a.yaml": node,
      "base/b.yaml": service,
      "base/c.yaml": slice,
      "base/deep/x.yaml": "x",
      "head.yaml": moved,
    });
    const git = (...args: readonly string[]) => execFileSync("git", ["-C", cwd, ...args]);
    git("init", "-q");
    git("add", "base/a.yaml", "base/b.yaml", "base/c.yaml");
    git("-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-qm", "x");
    for (const base of ["base", "git:HEAD:base", "git:HEAD"]) {
      const compared = await compare(cwd, [base, "head.yaml", ...(base === "git:HEAD" ? ["-R"] : [])]);
      expect(vips(compared)).toEqual(movedVips);
      expect(compared).toMatchObject({ code: 1, stderr: "" });
      expect(compared.diff).toMatchObject({ base: { name: base, mode: "iptables" }, nodes: ["node1"] });
    }
    const piped = await compare(cwd, ["-", "head.yaml"], { stdin: cluster });
    expect(vips(piped)).toEqual(movedVips);
    const { diff } = await compare(cwd, ["head.yaml", "base"]);
    expect(diff?.changes.find(({ vip }) => vip.includes("30080"))).toMatchObject({
      service: "shop/web",
      source: { file: "base/b.yaml", line: 11 },
    });
  });

  it("is the same twice: no differences", async () => {
    const cwd = workspace({ "in.yaml": cluster });
    expect(await compare(cwd, ["in.yaml", "in.yaml"])).toMatchObject({ code: 0, stderr: "", diff: { changes: [] } });
    const both = await compare(cwd, ["-", "-"], { stdin: cluster });
    expect(both).toMatchObject({ code: 2, stdout: "" });
  });

  it("is an --out-dir folder, one with a folder for each node, or the text of compile", async () => {
    const cwd = await compiledBoth();
    const { stdout: text } = await runCli(["compile", "-f", "base.yaml", "--all-nodes"], { cwd });
    for (const args of [
      ["out", "outs"],
      ["out", "head.yaml"],
      ["base.yaml", "outs"],
      ["-", "outs"],
    ]) {
      const compared = await compare(cwd, args, { stdin: text });
      expect(vips(compared)).toEqual(movedVips);
      expect(compared).toMatchObject({ code: 1, stderr: "", diff: { nodes: ["node1"], head: { mode: "iptables" } } });
    }
    expect(await compare(cwd, ["out", "base.yaml"])).toMatchObject({ code: 0 });
  });

  it("shows by its virtual servers in ipvs mode which addresses the node and the Services have", async () => {
    const cwd = workspace({ "base.yaml": cluster, "head.yaml": moved });
    const files: Record<string, string> = {};
    for (const side of ["base", "head"]) {
      await runCli(["compile", "-f", `${side}.yaml`, "--mode", "ipvs", "--out-dir", side], { cwd });
      const read = (name: string) => readFileSync(join(cwd, side, name), "utf8");
      files[`${side}/rules.save`] = read("iptables.restore") + read("iptables.jumps");
      files[`${side}/sets.save`] = read("ipset.restore");
      files[`${side}/servers.save`] = read("ipvs.restore");
    }
    for (const there of [cwd, workspace(files)]) {
      const { diff } = await compare(there, ["base", "head"]);
      const told = diff?.changes.map(({ vip, examplePacket: { entry, to } }) => `${vip} ${entry} ${to}`);
      expect(told).toEqual([
        "nodePort 30081/TCP outside 192.0.2.10:30081",
        "nodePort 30080/TCP outside 192.0.2.10:30080",
      ]);
    }
  });

  it("is what iptables-save prints, with counters, dates and tables of others", async () => {
    const cwd = await compiledBoth();
    const files = { "mon.save": saved(join(cwd, "out")), "tue.save": saved(join(cwd, "outs/node1")) };
    const there = workspace({ ...files, "base.yaml": cluster });
    const compared = await compare(there, ["mon.save", "tue.save", "--detail", "traffic"]);
    expect(vips(compared)).toEqual(movedVips);
    expect(compared).toMatchObject({ code: 1, stderr: "" });
    expect(await compare(there, ["mon.save", "mon.save"])).toMatchObject({ code: 0 });
    const later = files["mon.save"].replaceAll("10:00:00", "11:30:00").replaceAll("[17:1020]", "[99:1020]");
    const other = workspace({ "mon.save": files["mon.save"], "later.save": later });
    expect(await compare(other, ["mon.save", "later.save"])).toMatchObject({ code: 0 });
  });

  it("is what collect wrote, with its addresses and the lines of the file", async () => {
    const cwd = await compiledBoth();
    const dump = collected("node1", saved(join(cwd, "outs/node1")));
    const there = workspace({ "base.yaml": cluster, "node1.txt": dump, "cut.txt": dump.slice(0, dump.length / 2) });
    const compared = await compare(there, ["base.yaml", "node1.txt", "--detail", "traffic"]);
    expect(vips(compared)).toEqual(movedVips);
    expect(compared).toMatchObject({ code: 1, stderr: "", diff: { nodes: ["node1"] } });
    const cut = await compare(there, ["base.yaml", "cut.txt"]);
    expect(cut).toMatchObject({ code: 3, stdout: "" });
    expect(cut.stderr).toContain('cut.txt: it is truncated: it does not end with "==> end <=="');
    const broken = workspace({ "base.yaml": cluster, "node1.txt": dump.replace("-A PREROUTING -j cali-raw", "-X") });
    const line = dump.split("\n").indexOf("-A PREROUTING -j cali-raw") + 1;
    expect((await compare(broken, ["base.yaml", "node1.txt"])).stderr).toContain(`node1.txt:${line}: not a rule`);
  });

  it("may be of another node, and says so", async () => {
    const cwd = await compiledBoth();
    const rules = saved(join(cwd, "out"));
    const there = workspace({
      "a.txt": collected("node1", rules),
      "b.txt": collected("node2", rules),
      "in.yaml": cluster,
    });
    const two = await compare(there, ["a.txt", "b.txt", "--detail", "traffic"]);
    expect(two.stderr).toBe("note: b.txt shows node node2, and is compared as node1\n");
    expect(two.diff?.assumptions).toContain("b.txt shows node node2, and is compared as node1");
    const three = workspace({
      "b.txt": collected("node9", rules),
      "in.yaml": `${cluster}---\n${node.replace("node1", "node2").replace(".10", ".12")}`,
    });
    const unsaid = await compare(three, ["in.yaml", "b.txt"]);
    expect(unsaid).toMatchObject({ code: 2, stdout: "" });
    expect(unsaid.stderr).toContain("b.txt does not name its node: pass --node with one of node1, node2");
    expect((await compare(three, ["in.yaml", "b.txt", "--node", "node1"])).diff?.nodes).toEqual(["node1"]);
  });

  it("is both families in one text, or in two of a folder with sets and servers", async () => {
    const dual = cluster.replace(
      "clusterIP: 10.96.0.10",
      "clusterIPs: [10.96.0.10, 'fd00::10']\n  ipFamilyPolicy: RequireDualStack\n  ipFamilies: [IPv4, IPv6]",
    );
    const cwd = workspace({ "in.yaml": dual });
    await runCli(["compile", "-f", "in.yaml", "--mode", "ipvs", "--family", "dual", "--out-dir", "out"], { cwd });
    const read = (name: string) => readFileSync(join(cwd, "out", name), "utf8");
    const [v4, v6] = [
      read("iptables.restore") + read("iptables.jumps"),
      read("ip6tables.restore") + read("ip6tables.jumps"),
    ];
    const head = (tool: string) => `# Generated by ${tool} v1.8.9 on Tue Nov 17 10:00:00 2026\n`;
    const there = workspace({
      "both.save": `${head("iptables-save")}${v4}${head("ip6tables-save")}${v6}`,
      "host/ip6tables.save": v6,
      "host/iptables.save": v4,
      "host/sets.save": read("ipset.restore"),
      "host/servers.save": read("ipvs.restore"),
      "changed/ip6tables.save": v6,
      "changed/iptables.save": v4,
      "changed/sets.save": read("ipset.restore"),
      "changed/servers.save": read("ipvs.restore").replaceAll(
        "-A -t [fd00::10]:80 -s rr",
        "-A -t [fd00::10]:80 -s wlc",
      ),
      "in.yaml": dual,
    });
    expect(await compare(there, ["both.save", "both.save"])).toMatchObject({
      code: 0,
      diff: { base: { mode: "ipvs" } },
    });
    expect(await compare(there, ["host", "host"])).toMatchObject({ code: 0 });
    const changed = await compare(there, ["host", "changed"]);
    expect(changed).toMatchObject({ code: 1, stderr: "" });
    expect(changed.stdout).not.toContain("10.96.0.10:80/TCP");
    const broken = workspace({ "a.save": "create KUBE-CLUSTER-IP hash:ip,port\nadd KUBE-OTHER 10.0.0.1,tcp:80\n" });
    const refused = await compare(broken, ["a.save", "a.save"]);
    expect(refused).toMatchObject({ code: 3, stdout: "" });
    expect(refused.stderr).toContain("a.save:2: there is no set KUBE-OTHER");
  });
});

describe("a side without the beginning of its tables", () => {
  it.concurrent.each([
    ["rules cut off at their beginning", "-A KUBE-SERVICES -j RETURN\nCOMMIT\n"],
    ["a part of a listing", "-P INPUT ACCEPT\n-N KUBE-SERVICES\n"],
  ])("%s: the table is assumed, and that is said", async (_, head) => {
    const { code, stderr } = await compare(workspace({ "base.yaml": cluster, head }), ["base.yaml", "head"]);
    expect(stderr).toContain("head:1: these lines stand in no table: table filter is assumed");
    expect(code).toBe(1);
  });
});

describe("what is no side", () => {
  const bad: Readonly<Record<string, readonly [files: Readonly<Record<string, string>>, says: string]>> = {
    "a path that is not there": [{}, "cannot read head: no such file or directory"],
    "a folder of neither": [{ "head/README.md": "# hello" }, "head contains no manifests"],
    "rules cut off at their end": [
      { head: "*nat\n:KUBE-SERVICES - [0:0]\n-A KUBE-SERV" },
      "head:1: this table has no COMMIT: the text is truncated",
    ],
    "rules with a line of something else": [{ head: "*nat\n:A - [0:0]\nbash: oops\nCOMMIT\n" }, "head:3: not"],
    "an empty file": [{ head: "\n" }, "contains no document"],
    text: [{ head: "hello there" }, "a document must be a mapping"],
    "a name with an escape": [{ head: "\u001b[31m: [" }, "error["],
  };
  it.concurrent.each(Object.entries(bad))("%s", async (_, [files, says]) => {
    const cwd = workspace({ "base.yaml": cluster, ...files });
    const { code, stdout, stderr } = await compare(cwd, ["base.yaml", "head"]);
    expect(stderr).toContain(says);
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(hasControls(stderr)).toBe(false);
  });

  it("a git reference that is not there", async () => {
    const cwd = workspace({ "base.yaml": cluster });
    execFileSync("git", ["-C", cwd, "init", "-q"]);
    const { code, stderr } = await compare(cwd, ["base.yaml", "git:nowhere:deploy"]);
    expect(stderr).toContain("cannot read git:nowhere:deploy");
    expect(code).toBe(3);
  });
});
