import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { collectedDocument, printDocument } from "../../../../src/reconcile/live/collected-document.ts";

import { problemsIn, runCli, workspace } from "../../../harness/run-cli.ts";
import { rulesOfTwo, textOfTwo } from "../../../harness/two-services.ts";
import { check } from "./check-inputs.ts";

/** Both Services have an external IP, each its own, which is deprecated. */
const deprecated = textOfTwo((text) => {
  let last = 0;
  return text.replace(/"clusterIP"/g, () => `"externalIPs":["203.0.113.${++last}"],"clusterIP"`);
});
const files = { "in.json": deprecated };
const warning = "warning[external-ips-deprecated]";
const leftOut = "1 finding of another Service is not shown (-n shop)";

describe("check shows findings of the Services asked for", () => {
  it.each([
    [["-n", "shop"], 2],
    [["-l", "app=api"], 4],
    [["--service", "other/api"], 4],
    [["--service", "web"], 2],
  ])("%j", async (args, line) => {
    const { code, stdout } = await check(["-f", "in.json", ...args], files);
    expect(code).toBe(1);
    expect(problemsIn(stdout).map((problem) => problem.replace(/:\d+$/, ""))).toEqual([`${warning} in.json:${line}`]);
    expect(stdout).toMatch(/\n1 warning\. .*\n1 finding of another Service is not shown \(-.*\)\.\n$/);
  });

  it("and counts only these", async () => {
    const text = textOfTwo((whole) => whole.replace('"clusterIP":"10.96.0.2"', '"externalIPs":["203.0.113.2"],$&'));
    const { code, stdout } = await check(["-f", "in.json", "-n", "shop"], { "in.json": text });
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `No findings for the Services shown. Mode iptables, 1 node.\n${leftOut}.\n`,
    });
    const suppressed = await check(["-f", "in.json", "-n", "shop", "--suppress", "external-ips-deprecated"], {
      "in.json": text,
    });
    expect(suppressed.stdout).toBe("No findings. Mode iptables, 1 node.\n-n shop hides nothing.\n");
  });

  it("also where an object is theirs, or another's port clashes with theirs", async () => {
    const slice = textOfTwo((text) =>
      text.replace('"addresses":["10.244.1.2"]', '"addresses":["10.244.1.2","10.244.1.3"]'),
    );
    const ofSlice = (args: readonly string[]) => check(["-f", "in.json", ...args], { "in.json": slice });
    expect((await ofSlice(["-n", "other"])).stdout).toContain("endpoint-extra-addresses");
    expect((await ofSlice(["-n", "shop"])).stdout).not.toContain("endpoint-extra-addresses");
    const clash = { "in.json": textOfTwo((text) => text.replace("30082", "30081")) };
    for (const namespace of ["shop", "other"]) {
      const { code, stdout } = await check(["-f", "in.json", "-n", namespace], clash);
      expect(code).toBe(1);
      expect(stdout).toContain("error[node-port-taken]");
    }
  });

  it("also where a pod is theirs", async () => {
    const pod = {
      kind: "Pod",
      apiVersion: "v1",
      metadata: { name: "web-1", namespace: "shop", labels: { app: "web" } },
    };
    const annotated = { ...pod, metadata: { ...pod.metadata, annotations: { "portolan/suppress": "nonsense" } } };
    const text = textOfTwo((whole) => whole.replace('"clusterIP":"10.96.0.1"', '"selector":{"app":"web"},$&'));
    const ofPod = async (args: readonly string[]) =>
      (await check(["-f", "in.json", ...args], { "in.json": `${text}\n${JSON.stringify(annotated)}` })).stdout;
    expect(await ofPod(["-n", "shop"])).toContain("suppression-unknown");
    expect(await ofPod(["-n", "other"])).not.toContain("suppression-unknown");
  });

  it("and of virtual servers, where a state says whose they are", async () => {
    const servers = "-A -t 10.96.0.1:80 -s rr\n-A -t 10.96.0.2:80 -s rr\n";
    const addresses = '[{"ifname":"eth0","addr_info":[{"local":"192.0.2.1"}]}]';
    const dump = printDocument(
      collectedDocument({ texts: { "ip -j addr": addresses, "ipvsadm -Sn": servers }, failures: {} }),
    );
    const args = ["-f", "in.json", "--mode", "ipvs", "--actual", "node1.txt"];
    const given = { "in.json": textOfTwo(), "node1.txt": dump };
    expect((await check(args, given)).stdout).toContain("10.96.0.2:80 is a virtual server");
    const { stdout } = await check([...args, "-l", "app=web"], given);
    expect(stdout).toContain("10.96.0.1:80 is a virtual server");
    expect(stdout).not.toContain("10.96.0.2:80");
  });

  it("and what is nobody's", async () => {
    const configuration = { apiVersion: "kubeproxy.config.k8s.io/v1alpha1", kind: "KubeProxyConfiguration", mod: "x" };
    const text = `${textOfTwo()}\n${JSON.stringify(configuration)}`;
    const all = await check(["-f", "in.json"], { "in.json": text });
    const { stdout } = await check(["-f", "in.json", "-n", "shop"], { "in.json": text });
    expect(problemsIn(all.stdout).length).toBeGreaterThan(0);
    expect(problemsIn(stdout)).toEqual(problemsIn(all.stdout));
  });

  it("in the text of a host, by comments and by what chains lead to", async () => {
    const [endpoint] = /KUBE-SEP-\w+(?= -p tcp .*other\/api)/.exec(rulesOfTwo()) ?? [];
    const rules = rulesOfTwo()
      .replace(new RegExp(`^(?:-A |:)${endpoint} .*\\n`, "gm"), "")
      .replace(/ -m comment --comment "other\/api -> \S+"/, "");
    const actual = (args: readonly string[]) => check(["--actual", "node1.save", ...args], { "node1.save": rules });
    expect((await actual([])).stdout).toContain(`${endpoint}`);
    expect((await actual(["-n", "other"])).stdout).toContain(`${endpoint}`);
    const { code, stdout } = await actual(["-n", "shop"]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `No findings for the Services shown.\n${leftOut}.\n` });
  });
});

describe("check says what it leaves out", () => {
  it.each(["junit", "github"])("as %s", async (format) => {
    const { stdout } = await check(["-f", "in.json", "-n", "shop", "-o", format], files);
    expect(stdout).toContain(leftOut);
    expect(stdout).not.toContain("other/api");
  });

  it("as json and sarif", async () => {
    const notShown = { filter: "-n shop", findings: 1, services: 1 };
    const json = JSON.parse((await check(["-f", "in.json", "-n", "shop", "-o", "json"], files)).stdout);
    expect(json).toMatchObject({ notShown, summary: { warning: 1 } });
    const sarif = JSON.parse((await check(["-f", "in.json", "-n", "shop", "-o", "sarif"], files)).stdout);
    expect(sarif.runs[0].properties).toEqual({ notShown });
  });

  it("beside a baseline", async () => {
    const cwd = workspace(files);
    const args = ["check", "-f", "in.json", "-n", "shop"];
    const { code, stderr } = await runCli([...args, "--write-baseline", "shop.json"], { cwd });
    expect({ code, stderr }).toEqual({ code: 0, stderr: `shop.json: 1 finding\n${leftOut}\n` });
    expect(readFileSync(join(cwd, "shop.json"), "utf8")).not.toContain("other/api");
    const again = await runCli([...args, "--baseline", "shop.json"], { cwd });
    expect(again.stdout).toContain("No findings for the Services shown; 1 in the baseline.");
  });
});

it.each([
  [["-f", "in.json", "-n", "shopp"], 3, "did you mean -n shop?"],
  [["--actual", "node1.save", "-l", "app=web"], 2, "pass the state too"],
  [["--actual", "node1.save", "--service", "shop/wab"], 3, "did you mean --service shop/web?"],
  [["-f", "in.json", "-l", "app in"], 2, "expected (, not the end"],
])("check %j is refused", async (args, code, says) => {
  const result = await check(args, { ...files, "node1.save": rulesOfTwo() });
  expect({ code: result.code, stdout: result.stdout }).toEqual({ code, stdout: "" });
  expect(result.stderr).toContain(says);
});
