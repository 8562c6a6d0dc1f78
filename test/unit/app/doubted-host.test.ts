import { describe, expect, it } from "vitest";
import { Failure } from "../../../src/app/effects.ts";
import { rulesetCommand, tablesCommand } from "../../../src/languages/nftables/language.ts";
import type { Answer } from "../../harness/host-effects.ts";
import { applyFile, savePlan, verifyOn } from "../../harness/saved-plan.ts";
import { SimulatedHost } from "../../harness/simulated-host.ts";
import { far, near, type StateShape, stateObjects } from "../../harness/transition-states.ts";

const objectsOf = (shape: StateShape) => stateObjects(shape, { mode: "iptables" });
const before = objectsOf({ web: { endpoints: [near] } });
const after = objectsOf({ web: { endpoints: [near, far] } });

async function hostWith(objects = before): Promise<SimulatedHost> {
  const host = new SimulatedHost();
  expect(await applyFile(host, { objects })).toMatchObject({ code: 0 });
  return host;
}

const printed = (stdout: string) => ({ stdout, failure: undefined });
const kernel = "cat /proc/net/ip_tables_names";

/** Replaces what a command prints, from its n-th run on. */
function from(run: number, command: string, stdout: (said: string) => string): Answer {
  let runs = 0;
  return (asked, said) => {
    if (asked === kernel) return printed("filter\nnat\n");
    if (asked !== command) return said;
    runs += 1;
    return runs < run ? said : printed(stdout(said.stdout));
  };
}

const kubeProxyTable = "table ip kube-proxy {\n}\n";
const otherRules = "*nat\n:PREROUTING ACCEPT [0:0]\n:KUBE-SERVICES - [0:0]\n-A PREROUTING -j KUBE-SERVICES\nCOMMIT\n";

const faults: readonly (readonly [string, () => Answer, string])[] = [
  ["a tool prints nothing", () => from(1, "iptables-save", () => ""), "host-output-missing"],
  ["a list is cut off", () => from(1, "iptables-save", (text) => text.slice(0, -4)), "host-output-truncated"],
  ["a table of ours is left out", () => from(1, tablesCommand, () => "table ip kube-proxy\n"), "host-output-missing"],
  [
    "a table of ours is cut off",
    () => from(1, rulesetCommand, () => kubeProxyTable.slice(0, -2)),
    "host-output-unreadable",
  ],
  ["the second reading lacks everything", () => from(2, "iptables-save", () => ""), "host-output-missing"],
  [
    "every reading has other rules",
    () => {
      let at = 0;
      return from(1, "iptables-save", (text) =>
        text.replace(/COMMIT\n$/, `:KUBE-SVC-${"ABCDEFGH"[at++]}AAAAAAAAAAAAAAA - [0:0]\nCOMMIT\n`),
      );
    },
    "host-changed-while-read",
  ],
];
const others: readonly (readonly [string, () => Answer, string])[] = [
  ["the other back end has rules", () => from(1, "iptables-nft-save", () => otherRules), "host-other-backend"],
  [
    "kube-proxy's nftables mode is there, and its rules cannot be read",
    () => (asked, said) => {
      if (asked === tablesCommand) return printed("table ip kube-proxy\n");
      return asked === rulesetCommand ? { stdout: "", failure: "exit 1: Operation not permitted" } : said;
    },
    "host-nftables-rules",
  ],
];

describe("nothing is changed or planned where", () => {
  it.each([...faults, ...others])("%s", async (_, answer, code) => {
    const host = await hostWith();
    const saved = host.save("ipv4");
    const refused = { code: 4, ran: [], said: expect.stringContaining(`error[${code}]`) };
    expect(await applyFile(host, { objects: after, answer: answer() })).toMatchObject(refused);
    expect(await applyFile(host, { answer: answer() })).toMatchObject(refused);
    await expect(savePlan(host, after, answer())).rejects.toMatchObject({ kind: "environment", code });
    expect(host.save("ipv4")).toBe(saved);
  });
});

describe("verify never says that there is no drift where", () => {
  it.each(faults)("%s", async (_, answer, code) => {
    expect(await verifyOn(await hostWith(), before, answer())).toMatchObject({ kind: "environment", code });
  });

  it.each(others)("%s", async (_, answer, code) => {
    const result = await verifyOn(await hostWith(), before, answer());
    const findings = result instanceof Failure ? [] : result.findings;
    expect(findings).toMatchObject([{ kind: "other-rules", isDrift: true, lines: [expect.stringContaining(code)] }]);
  });

  it("the other back end cannot be read; apply only warns", async () => {
    const answer = (): Answer => (command, said) => {
      if (command === "nft list tables") return printed("table ip nat\n");
      return command === "iptables-nft-save" ? { stdout: "", failure: "not installed" } : said;
    };
    const host = await hostWith();
    const code = "host-other-backend-unread";
    expect(await verifyOn(host, before, answer())).toMatchObject({ kind: "environment", code });
    const applied = await applyFile(host, { objects: after, answer: answer() });
    expect(applied).toMatchObject({ code: 0, said: expect.stringContaining(`warning[${code}]`) });
  });
});

it("a tool that leaves something out once is read again", async () => {
  const host = await hostWith();
  let runs = 0;
  const answer: Answer = (command, said) => {
    if (command !== "iptables-save") return said;
    runs += 1;
    return runs === 1 ? printed(said.stdout.replace(/^-A KUBE-SVC.*\n/gm, "")) : said;
  };
  expect(await verifyOn(host, before, answer)).toMatchObject({ findings: [] });
  expect(runs).toBe(3);
});

/** The first five readings are those before the change. */
describe("done, or as it was, is said only after a reading that shows it:", () => {
  it.each([
    ["cleanup, and a tool that prints nothing afterwards", undefined],
    ["apply, and a tool that prints nothing afterwards", after],
  ])("%s", async (_, objects) => {
    for (const tables of ["filter\nnat\n", ""]) {
      const silent = from(6, "iptables-save", () => "");
      const answer: Answer = (command, said) => (command === kernel ? printed(tables) : silent(command, said));
      const applied = await applyFile(await hostWith(), { ...(objects && { objects }), answer });
      expect(applied).toMatchObject({ code: 6, said: expect.stringContaining("the host cannot be read again") });
    }
  });
});
