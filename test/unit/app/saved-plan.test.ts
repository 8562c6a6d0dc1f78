import { Ajv2020 } from "ajv/dist/2020.js";
import { beforeAll, describe, expect, it } from "vitest";
import { planSchema } from "../../../src/report/schema-plan.ts";
import { applyFile, type Editable, forged, savePlan } from "../../harness/saved-plan.ts";
import { SimulatedHost } from "../../harness/simulated-host.ts";
import { far, type Mode, near, type StateShape, stateObjects } from "../../harness/transition-states.ts";

const before: StateShape = { web: { type: "NodePort", endpoints: [near] } };
const after: StateShape = { web: { type: "NodePort", endpoints: [near, far] }, mail: { endpoints: [] } };

async function hostWith(mode: Mode): Promise<SimulatedHost> {
  const host = new SimulatedHost();
  expect(await applyFile(host, { objects: stateObjects(before, { mode }) })).toMatchObject({ code: 0 });
  return host;
}

const plansOf: Record<string, string> = {};
const planOf = (mode: Mode): string => plansOf[mode] ?? "";
beforeAll(async () => {
  for (const mode of ["iptables", "ipvs"] as const)
    plansOf[mode] = await savePlan(await hostWith(mode), stateObjects(after, { mode }));
});

describe.each<Mode>(["iptables", "ipvs"])("a saved plan in %s mode", (mode) => {
  it("runs the steps that it shows, and is stale afterwards", async () => {
    const host = await hostWith(mode);
    const { steps, version } = JSON.parse(planOf(mode));
    const applied = await applyFile(host, { plan: planOf(mode) });
    expect(applied).toMatchObject({ code: 0, shown: steps });
    expect(version).toBe("0.0.0-test");
    const commands = (list: readonly { readonly argv: readonly string[]; readonly stdin: string }[]) =>
      list.map(({ argv, stdin }) => [argv.join(" "), stdin]);
    expect(commands(applied.ran)).toEqual(commands(steps));
    const objects = stateObjects(after, { mode });
    expect(await applyFile(host, { objects })).toMatchObject({ code: 0, shown: [] });
    expect(await applyFile(host, { plan: planOf(mode) })).toMatchObject({ code: 7, ran: [] });
  });
});

it("a plan is what its schema says, and the schema allows no other fields", () => {
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(planSchema);
  const plan = JSON.parse(planOf("ipvs"));
  expect(validate(plan), JSON.stringify(validate.errors)).toBe(true);
  for (const edit of [
    { undo: [] },
    { version: 1 },
    { state: { ...plan.state, kind: "ServiceList" } },
    { fingerprint: "" },
  ])
    expect(validate({ ...plan, ...edit }), JSON.stringify(edit)).toBe(false);
});

const evil = "touch /tmp/owned";
const attacks: Readonly<Record<string, (plan: Editable) => void>> = {
  "a step that runs a shell with an allowed tool": (plan) => {
    plan.steps.push({ purpose: "set sysctls", argv: ["ip", "netns", "exec", "x", "sh", "-c", evil], stdin: "" });
  },
  "a step with the shell as the only one": (plan) => {
    plan.steps = [{ purpose: "set sysctls", argv: ["sh", "-c", evil], stdin: "" }];
  },
  "another sysctl": (plan) => {
    plan.steps.push({ purpose: "set sysctls", argv: ["sysctl", "-p", "-"], stdin: `kernel.core_pattern = |${evil}\n` });
  },
  "an argument that loads a program": (plan) => {
    plan.steps[0].argv.push(`--modprobe=${evil}`);
  },
  "a rule of its own in a step": (plan) => {
    plan.steps[0].stdin = "*filter\n-A INPUT -j ACCEPT\nCOMMIT\n";
  },
  "a step that may fail": (plan) => {
    plan.steps[0].mayFail = true;
  },
  "steps in another order": (plan) => {
    plan.steps.reverse();
  },
  "no steps": (plan) => {
    plan.steps = [];
  },
  "changes that hide a Service": (plan) => {
    plan.changes = plan.changes.slice(1);
  },
  "another state than the steps": (plan) => {
    plan.state.items = plan.state.items.filter(({ metadata }: Editable) => metadata?.name !== "mail");
  },
  "a state that does not compile": (plan) => {
    const service = plan.state.items.find(({ kind }: Editable) => kind === "Service");
    service.spec.clusterIP = "-j ACCEPT";
  },
  "a field in an object that nothing reads": (plan) => {
    plan.state.items.find(({ kind }: Editable) => kind === "Service").spec.evil = evil;
  },
  "a flow whose address is an option": (plan) => {
    const ports = { sourcePort: 1, destinationPort: 2, replySourcePort: 3 };
    plan.flows.push({ source: "-F", destination: "10.96.0.1", replySource: "10.244.0.9", ...ports });
  },
  "a flow that no change ends": (plan) => {
    const ports = { sourcePort: 1, destinationPort: 2, replySourcePort: 3 };
    plan.flows.push({ source: "10.0.0.1", destination: "10.0.0.2", replySource: "10.0.0.3", ...ports });
  },
  "another mode": (plan) => {
    plan.options.mode = "ipvs";
  },
  "another node": (plan) => {
    plan.node = "node2";
  },
  "a hostile key": (plan) => {
    Object.defineProperty(plan, "__proto__", { value: { steps: [] }, enumerable: true });
  },
};

describe("a plan that was edited, with a digest that fits, runs nothing:", () => {
  it.each(Object.entries(attacks))("%s", async (_, edit) => {
    const host = await hostWith("iptables");
    const saved = host.save("ipv4");
    expect(await applyFile(host, { plan: forged(planOf("iptables"), edit) })).toMatchObject({ code: 3, ran: [] });
    expect(host.save("ipv4")).toBe(saved);
  });
});

describe("a file that is no plan is refused, with the place:", () => {
  const shapes: readonly (readonly [string, (text: string) => string, number, string])[] = [
    [
      "a wrong type",
      (text) => forged(text, (plan) => Object.assign(plan, { steps: 5 })),
      3,
      "error[plan-value-invalid]: steps must be a list, not the number 5\n",
    ],
    [
      "a wrong type inside",
      (text) => forged(text, (plan) => Object.assign(plan.steps[0], { argv: "sh" })),
      3,
      "steps[0].argv must be a list",
    ],
    [
      "a field of nobody",
      (text) => forged(text, (plan) => Object.assign(plan, { undo: [] })),
      3,
      "error[plan-field-unknown]: a plan has no field undo\n",
    ],
    [
      "a field too few",
      (text) =>
        forged(text, (plan) => {
          delete plan.state;
        }),
      3,
      "error[plan-field-missing]: the plan has no field state\n",
    ],
    [
      "the steps of an earlier release",
      (text) =>
        forged(text, (plan) => {
          delete plan.version;
        }),
      3,
      "the plan has no field version",
    ],
    [
      "another release",
      (text) => forged(text, (plan) => Object.assign(plan, { version: "9.9.9" })),
      7,
      "it was written by Portolan 9.9.9, and this is 0.0.0-test: plan again",
    ],
    ["an edit", (text) => text.replace('"purpose": "', '"purpose": "not '), 3, "create a new plan instead"],
    [
      "a key twice",
      (text) => text.replace(' "kind": "Plan",\n', ' "kind": "List",\n "kind": "Plan",\n'),
      3,
      "create a new plan instead",
    ],
    ["a text that ends early", (text) => text.slice(0, text.length / 2), 3, "error[syntax-invalid]"],
    ["a list", () => "[]\n", 3, "a plan is a JSON object"],
    ["manifests", () => "apiVersion: v1\nkind: Service\n", 3, "error[syntax-invalid]"],
    [
      "an object of Kubernetes",
      () => '{"apiVersion": "v1", "kind": "Service"}\n',
      3,
      "not a Plan of portolan/v1alpha1",
    ],
    ["nothing", () => "", 3, "error[syntax-invalid]"],
    ["too deep", () => `{"kind": ${"[".repeat(100_000)}${"]".repeat(100_000)}}`, 3, "levels of nesting"],
    [
      "a value in an object that is invalid",
      (text) => forged(text, (plan) => Object.assign(plan.state.items[2].spec, { clusterIP: "no address" })),
      3,
      "node1.plan:",
    ],
  ];
  it.each(shapes)("%s", async (_, edit, code, message) => {
    const applied = await applyFile(await hostWith("iptables"), { plan: edit(planOf("iptables")) });
    expect(applied).toMatchObject({ code, ran: [], said: expect.stringContaining(message) });
  });

  it("names line and column", async () => {
    const plan = forged(planOf("iptables"), ({ steps }) => Object.assign(steps[0], { argv: "sh" }));
    const { said } = await applyFile(await hostWith("iptables"), { plan });
    const line = plan.split("\n").findIndex((text) => text.includes('"argv": "sh"')) + 1;
    expect(said).toContain(`--> node1.plan:${line}:12\n`);
  });
});
