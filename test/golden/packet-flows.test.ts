import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { sharedFolder } from "../../scripts/conformance/oracle.mjs";
import type { PacketExplanation } from "../../src/explain/packet/packet-explanation.ts";
import { explainInProcess } from "../harness/run-in-process.ts";

interface RecordedFlow {
  readonly name: string;
  readonly from: string;
  readonly proto: string;
  readonly to: string;
  readonly expect: { readonly verdict: string; readonly destinations: readonly string[]; readonly masquerade: boolean };
}

describe("flows seen with real packets", () => {
  const folder = join(sharedFolder, "conformance/flows");
  const present = existsSync(folder);
  if (!present) console.warn(`skipped: ${folder} is not here, so explain packet is not held against real packets`);

  async function ask(name: string, flow: RecordedFlow, mode: string): Promise<RecordedFlow["expect"]> {
    const dir = join(folder, name);
    const { node } = parse(readFileSync(join(dir, "case.yaml"), "utf8"));
    const state = ["-f", join(dir, "cluster.yaml"), "--proxy-config", join(dir, "kube-proxy.yaml"), "--node", node];
    const question = ["--from", flow.from, "--to", flow.to, "--proto", flow.proto];
    const { stdout } = await explainInProcess([...question, ...state, "--mode", mode, "-o", "json"]);
    const { outcomes }: PacketExplanation = JSON.parse(stdout);
    return {
      verdict: [...new Set(outcomes.map(({ verdict }) => verdict))].join("+"),
      destinations: outcomes.flatMap(({ destination }) => destination ?? []).sort(),
      masquerade: outcomes.some(({ verdict, masquerade }) => verdict === "delivered" && masquerade),
    };
  }

  /** In ipvs mode node ports do not answer on loopback, and policy Local without local endpoints uses all there are. */
  const differs = ({ name, from }: RecordedFlow, mode: string): boolean =>
    mode === "ipvs" && (/^127\.|^::1$/.test(from) || name.includes("no locally-usable endpoints"));

  test.skipIf(!present).each(["iptables", "ipvs"])("explain packet agrees with all of them, mode %s", async (mode) => {
    for (const name of readdirSync(folder)) {
      const flows: readonly RecordedFlow[] = JSON.parse(readFileSync(join(folder, name, "flows.json"), "utf8"));
      for (const flow of flows.filter((each) => !differs(each, mode))) {
        expect(await ask(name, flow, mode), `${name}: ${flow.name}`).toEqual(flow.expect);
      }
    }
  });
});
