import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { hasControls, hostileCharacters } from "../../harness/controls.ts";
import { type CliResult, runCli, workspace } from "../../harness/run-cli.ts";
import { dumpOfTwo, textOfTwo } from "../../harness/two-services.ts";

/** A character of each kind, in one text. */
const hostile = Object.values(hostileCharacters).join("");
const [state, head, bad, dump, config] = ["state.json", "head.json", "bad.json", "dump.txt", "config.json"].map(
  (name) => `${hostile}-${name}`,
) as [string, string, string, string, string];

/** Without what ends a line of a dump. */
const quotable = hostile.replaceAll("\r", "");

/** Every free text of a state that can be compiled is hostile. */
function hostileState(port: number): string {
  const objects = textOfTwo()
    .split("\n")
    .map((line) => JSON.parse(line));
  for (const object of objects) {
    object.metadata.annotations = { "portolan/suppress": hostile, "example.org/note": hostile };
    object[hostile] = hostile;
    if (object.kind === "Service") {
      object.spec[hostile] = hostile;
      for (const one of object.spec.ports) if (one.nodePort === 30_081) one.nodePort = port;
    }
    if (object.kind === "EndpointSlice") {
      for (const endpoint of object.endpoints)
        Object.assign(endpoint, { zone: hostile, targetRef: { kind: "Pod", name: hostile } });
    }
  }
  return objects.map((object) => JSON.stringify(object)).join("\n");
}

/** Every text of a state that no API server takes is hostile. */
const badState = JSON.stringify({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: hostile, namespace: hostile, labels: { [hostile]: hostile } },
  spec: {
    type: hostile,
    clusterIP: hostile,
    loadBalancerClass: hostile,
    externalIPs: [hostile],
    ports: [{ name: hostile, port: hostile }],
  },
});

/** Rules with comments, chains and interfaces as other programs, or an attacker, can name them. */
const hostileDump = dumpOfTwo((rules) =>
  rules
    .replace(/^:KUBE-SERVICES .*$/gm, (line) => `${line}\n:${quotable} - [0:0]`)
    .replace(/^-A KUBE-SERVICES /m, (line) => `${line}-m comment --comment "${quotable}" -j ACCEPT\n${line}`)
    .replace(/^-A PREROUTING /m, (line) => `-A PREROUTING -m comment --comment "${quotable}" -j ACCEPT\n${line}`)
    .replace(
      /^-A KUBE-MARK-MASQ .*$/m,
      (line) => `${line}\n-A KUBE-MARK-MASQ -m comment --comment "${quotable}" -j RETURN`,
    ),
);
const files = {
  [state]: hostileState(30_081),
  [head]: hostileState(30_091),
  [bad]: badState,
  [dump]: hostileDump,
  [config]: JSON.stringify({
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    [hostile]: hostile,
    iptables: { [hostile]: hostile },
  }),
};

const compiled = ["-f", state, "--node", "node1", "--proxy-config", config];
const text = ["text", "json"];
const drawn = [...text, "mermaid", "dot", "svg"];

/** Every command that prints something of its input, with its formats. */
const commands: readonly (readonly [
  name: string,
  exitCode: number,
  args: readonly string[],
  formats: readonly string[],
])[] = [
  ["compile", 0, ["compile", ...compiled], [...text, "yaml"]],
  ["compile of a bad state", 3, ["compile", "-f", bad, "--node", hostile], text],
  ["compile to files", 0, ["compile", ...compiled, "--out-dir", "out"], []],
  ["compile to a bad place", 4, ["compile", ...compiled, "--out-dir", `${state}/${hostile}`], []],
  ["simulate", 0, ["simulate", "-f", state], ["json", "yaml"]],
  ["simulate of a bad state", 3, ["simulate", "-f", bad], ["json"]],
  ["snapshot", 0, ["snapshot", "-f", state], ["json", "yaml"]],
  ["snapshot of a bad state", 0, ["snapshot", "-f", bad], ["json", "yaml"]],
  ["snapshot, redacted", 0, ["snapshot", "-f", state, "--redact"], ["json", "yaml"]],
  ["snapshot to files", 0, ["snapshot", "-f", bad, "--split", "out", "--split-by", "object"], ["json", "yaml"]],
  [
    "diff",
    1,
    ["diff", state, head, "--node", "node1"],
    ["text", "brief", "unified", "markdown", "html", "json", "github"],
  ],
  ["diff of all", 1, ["diff", state, head, "--detail", "rules"], ["text", "markdown", "html", "json"]],
  [
    "diff of dumps",
    1,
    ["diff", state, dump, "--node", "node1"],
    ["text", "unified", "markdown", "html", "json", "github"],
  ],
  ["diff with a report", 1, ["diff", state, head, "--report", `html=${hostile}.html`], []],
  ["diff of a bad state", 3, ["diff", state, bad], text],
  ["check", 1, ["check", "-f", state, "-f", bad, "--fail-on", "error"], [...text, "junit", "sarif", "github"]],
  ["check of rules", 1, ["check", "--actual", dump], [...text, "junit", "sarif", "github"]],
  ["check to a baseline", 0, ["check", "-f", state, "-f", bad, "--write-baseline", `${hostile}.json`], []],
  ["explain of a Service", 0, ["explain", "service/shop/web", ...compiled], drawn],
  ["explain of a Node", 0, ["explain", "node/node1", ...compiled], text],
  ["explain of a chain", 0, ["explain", "KUBE-SERVICES", "--actual", dump], drawn],
  [
    "explain of a rule",
    0,
    ["explain", `-A KUBE-SERVICES -m comment --comment "${quotable}" -j ACCEPT`, "--actual", dump],
    text,
  ],
  ["explain of nothing", 2, ["explain", hostile, ...compiled], text],
  ["explain packet", 0, ["explain", "packet", "--to", "10.96.0.1:80", "--from", "internet", ...compiled], drawn],
  [
    "explain packet in a dump",
    0,
    [
      "explain",
      "packet",
      "--to",
      "10.96.0.1:80",
      "--from",
      "internet",
      "--node-address",
      "192.0.2.1",
      "--actual",
      dump,
    ],
    drawn,
  ],
  ["explain packet to nowhere", 2, ["explain", "packet", "--to", hostile, "--from", "internet", ...compiled], text],
  ["plan", 1, ["plan", ...compiled, "--actual", dump, "--rules"], text],
  ["plan to a file", 1, ["plan", ...compiled, "--actual", dump, "--out", `${hostile}.plan`], []],
  ["plan of a bad dump", 3, ["plan", ...compiled, "--actual", bad], text],
  ["verify", 1, ["verify", ...compiled, "--actual", dump], text],
  ["verify --fix", 1, ["verify", ...compiled, "--actual", dump, "--fix"], []],
  ["apply of what is no plan", 3, ["apply", state], []],
  ["apply for a new host", 0, ["apply", ...compiled, "--dry-run", "client", "--rules"], []],
  ["watch", 4, ["watch", "--live", "--node", hostile, "--verify", "--kubeconfig", state, "--context", hostile], []],
  ["a cluster", 4, ["compile", "--live", "--kubeconfig", state, "--context", hostile], []],
  ["no command", 2, [hostile, hostile], []],
  ["no option", 2, ["compile", `--${hostile}`], []],
];

interface Row {
  readonly name: string;
  readonly exitCode: number;
  readonly args: readonly string[];
}

const rows = commands.flatMap(([name, exitCode, args, formats]): readonly Row[] =>
  formats.length === 0
    ? [{ name, exitCode, args }]
    : formats.map((format) => ({ name: `${name}, ${format}`, exitCode, args: [...args, "-o", format] })),
);

async function runHostile(args: readonly string[]): Promise<CliResult & { readonly written: readonly string[] }> {
  const cwd = workspace(files);
  const result = await runCli(args, { cwd });
  const names = readdirSync(cwd, { recursive: true, encoding: "utf8" }).filter((name) => !(name in files));
  const written = names.filter((name) => statSync(join(cwd, name)).isFile());
  return { ...result, written: written.map((name) => readFileSync(join(cwd, name), "utf8")) };
}

describe("no output has a character that hides or moves text", () => {
  it.each(rows)("$name", async ({ name, exitCode, args }) => {
    const { code, stdout, stderr, written } = await runHostile(args);
    expect(code, stderr).toBe(exitCode);
    for (const output of [stdout, stderr, ...written])
      for (const line of output.split("\n")) expect(hasControls(line), JSON.stringify(line)).toBe(false);
    if (name.endsWith(", json") && stdout !== "") JSON.parse(stdout);
  });

  it("does not miss one for want of output", async () => {
    const said = await Promise.all(
      [
        ["snapshot", "-f", state],
        ["check", "-f", state, "-f", bad],
        ["verify", ...compiled, "--actual", dump],
      ].map(runHostile),
    );
    for (const { stdout } of said) expect(stdout).toContain("\\u202e");
  });
});

describe("what is escaped has its value still", () => {
  it.each(["json", "yaml"])("snapshot, %s", async (format) => {
    const { stdout } = await runHostile(["snapshot", "-f", state, "-o", format]);
    const values = parseAllDocuments(stdout).map((document) => document.toJS());
    expect(JSON.stringify(values)).toContain(JSON.stringify(hostile).slice(1, -1));
    if (format === "json") expect(JSON.stringify(JSON.parse(stdout))).toContain(JSON.stringify(hostile).slice(1, -1));
  });
});
