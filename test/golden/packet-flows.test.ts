import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { corpusCases } from "../../scripts/conformance/corpus.mjs";
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
  async function ask(folder: string, flow: RecordedFlow, mode: string): Promise<RecordedFlow["expect"]> {
    const { node } = parse(readFileSync(join(folder, "case.yaml"), "utf8"));
    const state = [
      "-f",
      join(folder, "cluster.yaml"),
      "--proxy-config",
      join(folder, "kube-proxy.yaml"),
      "--node",
      node,
    ];
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

  test.each<[string, "flows" | "flows-nft"]>([
    ["iptables", "flows"],
    ["ipvs", "flows"],
    ["nftables", "flows-nft"],
  ])("explain packet agrees with all of them, mode %s", async (mode, kind) => {
    for (const { name, folder } of corpusCases(kind)) {
      const flows: readonly RecordedFlow[] = JSON.parse(readFileSync(join(folder, "flows.json"), "utf8"));
      for (const flow of flows.filter((each) => !differs(each, mode))) {
        expect(await ask(folder, flow, mode), `${name}: ${flow.name}`).toEqual(flow.expect);
      }
    }
  });
});
