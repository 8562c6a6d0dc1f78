import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { logLine } from "../../../../src/app/watch/watch-log.ts";
import { schemas } from "../../../../src/cli/schemas.ts";
import { cluster, node, service } from "../../../harness/cluster-text.ts";
import { runCli, workspace } from "../../../harness/run-cli.ts";

describe("schema", () => {
  it.each(Object.keys(schemas))("%s is a valid JSON Schema", async (name) => {
    const { stdout, stderr, code } = await runCli(["schema", name]);
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
    const schema = JSON.parse(stdout);
    expect(schema).toMatchObject({ $schema: "https://json-schema.org/draft/2020-12/schema" });
    expect(new Ajv2020({ strict: true, allowUnionTypes: true }).validateSchema(schema)).toBe(true);
  });

  it("without a name lists them", async () => {
    const { stdout, code } = await runCli(["schema"]);
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .map((line) => line.split(" ")[0]),
    ).toEqual(Object.keys(schemas).sort());
    expect(code).toBe(0);
  });

  it("does not know others", async () => {
    for (const name of ["dif", "toString"]) {
      const { stdout, stderr, code } = await runCli(["schema", name]);
      expect({ stdout, code }).toEqual({ stdout: "", code: 2 });
      expect(stderr).toContain(`there is no schema ${name}`);
    }
  });
});

describe("real outputs", () => {
  const validate = new Map(
    Object.entries(schemas).map(([name, { schema }]) => [
      name,
      new Ajv2020({ strict: true, allowUnionTypes: true, formats: { "date-time": true } }).compile(schema),
    ]),
  );
  const state = ["-f", "in.yaml", "--node", "node1"];
  it.concurrent.each([
    ["compile", ["compile", ...state, "-o", "json"]],
    ["compile", ["compile", "-f", "in.yaml", "--all-nodes", "-o", "json"]],
    ["check", ["check", ...state, "-o", "json"]],
    ["check", ["check", "-f", "warned.yaml", "-o", "json"]],
    ["check", ["check", "-f", "warned.yaml", "-n", "shop", "-o", "json"]],
    ["check", ["check", "--actual", "host.txt", "-o", "json"]],
    ["plan", ["plan", ...state, "--actual", "host.txt", "-o", "json"]],
    ["verify", ["verify", ...state, "--actual", "host.txt", "-o", "json"]],
    ["verify", ["verify", ...state, "--actual", "host.txt", "-n", "shop", "-o", "json"]],
    ["diff", ["diff", "in.yaml", "other.yaml", "-o", "json"]],
    ["packet", ["explain", "packet", "--from", "10.0.0.9", "--to", "10.96.0.10:80", ...state, "-o", "json"]],
    ["explain", ["explain", "service/shop/web", ...state, "-o", "json"]],
    ["explain", ["explain", "node/node1", ...state, "-o", "json"]],
    ["explain", ["explain", "10.0.1.5", ...state, "-o", "json"]],
    ["explain", ["explain", "KUBE-SERVICES", ...state, "-o", "json"]],
    ["explain", ["explain", "iptables-restore: line 2 failed", "--actual", "rules.txt", "-o", "json"]],
  ])("%s: %j", async (name, args) => {
    const cwd = workspace({
      "in.yaml": cluster,
      "other.yaml": cluster.replaceAll("10.0.1.5", "10.0.1.6"),
      "warned.yaml": [node, service].join("---\n"),
      "host.txt": readFileSync(new URL("../../../fixtures/host-documents/collect-v1.txt", import.meta.url)),
      "rules.txt": "*nat\n-A NOWHERE -j MISSING\nCOMMIT\n",
    });
    const { stdout, stderr } = await runCli(args, { cwd });
    expect(stdout, stderr).not.toBe("");
    const check = validate.get(name);
    expect({ valid: check?.(JSON.parse(stdout)), errors: check?.errors?.slice(0, 3) }).toEqual({
      valid: true,
      errors: undefined,
    });
  });

  it("a line of watch", () => {
    const line = logLine(new Date(0), "info", "synced", { full: true });
    expect(validate.get("watch")?.(JSON.parse(line))).toBe(true);
  });
});
