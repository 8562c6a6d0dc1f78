import { describe, expect, it } from "vitest";
import { catalog } from "../../../../src/diagnostics/catalog.ts";
import { cluster } from "../../../harness/cluster-text.ts";
import { hasControls } from "../../../harness/controls.ts";
import { check, faulty, withIps } from "./check-inputs.ts";

describe("formats", () => {
  const files = { "in.yaml": faulty };

  it("json", async () => {
    const { code, stdout } = await check(["-f", "in.yaml", "-o", "json"], files);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({
      apiVersion: "portolan/v1alpha1",
      kind: "CheckReport",
      mode: "iptables",
      nodes: ["node1"],
      failOn: "warning",
      summary: { error: 0, warning: 2, info: 0, suppressed: 0, baseline: 0 },
    });
    expect(report.findings[1]).toMatchObject({
      code: "external-ips-deprecated",
      object: "Service shop/web",
      field: "spec.externalIPs",
      file: "in.yaml",
      line: 20,
      column: 3,
    });
    expect(code).toBe(1);
  });

  it("sarif", async () => {
    const { stdout } = await check(["-f", "in.yaml", "-o", "sarif"], files);
    const { version, runs, $schema } = JSON.parse(stdout);
    expect({ version, count: runs.length }).toEqual({ version: "2.1.0", count: 1 });
    expect($schema).toMatch(/^https:.*sarif-2\.1\.0\.json$/);
    const [{ tool, results }] = runs;
    expect(tool.driver.name).toBe("portolan");
    for (const result of results) {
      expect(tool.driver.rules[result.ruleIndex].id).toBe(result.ruleId);
      expect(["error", "warning", "note"]).toContain(result.level);
      expect(result.message.text).not.toBe("");
      const [{ physicalLocation }] = result.locations;
      expect(physicalLocation.artifactLocation.uri).toBe("in.yaml");
      expect(physicalLocation.region.startLine).toBeGreaterThan(0);
      expect(physicalLocation.region.endColumn).toBeGreaterThan(physicalLocation.region.startColumn);
    }
    for (const { shortDescription, fullDescription } of tool.driver.rules) {
      expect(shortDescription.text.length * fullDescription.text.length).toBeGreaterThan(0);
    }
  });

  it("junit", async () => {
    const { stdout } = await check(["-f", "in.yaml", "-o", "junit"], files);
    expect(stdout).toMatch(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n<testsuites [^>]*tests="2" failures="2"/);
    expect(stdout.match(/<testcase /g)).toHaveLength(2);
    expect(stdout).toContain('name="external-ips-deprecated: Service shop/web" file="in.yaml" line="20"');
    const passing = await check(["-f", "in.yaml", "-o", "junit", "--fail-on", "error"], files);
    expect(passing.stdout).toContain('failures="0"');
    expect(passing.stdout).not.toContain("<failure");
    const clean = await check(["-f", "in.yaml", "-o", "junit"], { "in.yaml": cluster });
    expect(clean.stdout).toContain('<testcase classname="portolan.check" name="no findings"/>');
  });

  it("github: the ten worst, then a count", async () => {
    const { stdout } = await check(["-f", "in.yaml", "-o", "github"], files);
    expect(stdout.split("\n")[1]).toBe(
      "::warning file=in.yaml,line=20,col=3,title=external-ips-deprecated%3A Service shop/web::" +
        `${catalog["external-ips-deprecated"].message}%0Ahint: ${catalog["external-ips-deprecated"].hint}`,
    );
    const many = Array.from({ length: 12 }, (_, n) =>
      withIps
        .replaceAll("web", `web${n}`)
        .replace("10.96.0.10", `10.96.0.${n}`)
        .replace("30080", String(30080 + n)),
    ).map((text, n) => text.replace("203.0.113.9", `203.0.113.${n}`).slice(n === 0 ? 0 : text.indexOf("---\n") + 4));
    const busy = await check(["-f", "in.yaml", "-o", "github"], { "in.yaml": many.join("---\n") });
    expect(busy.stdout.match(/^::/gm)).toHaveLength(10);
    expect(busy.stdout).toContain("portolan check: 12 warnings. 2 more have no annotation.\n");
  });

  it("text of the input breaks out of none of them", async () => {
    const rude = '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j \u001b[31mGO%0A<b>&"\nCOMMIT\n'.replace('"', "");
    for (const format of ["text", "json", "junit", "sarif", "github"]) {
      const { code, stdout } = await check(["--actual", "a,b:c.save", "-o", format], { "a,b:c.save": rude });
      expect({ format, code, controls: hasControls(stdout) }).toEqual({ format, code: 1, controls: false });
      if (format === "junit") expect(stdout).not.toContain("<b>");
      if (format === "github") expect(stdout).toContain("file=a%2Cb%3Ac.save,line=3");
    }
  });
});
