import { Command, Option } from "commander";
import type { ApplyRequest } from "../../app/apply.ts";
import { addStateOptions, colorOption } from "../flags/state.ts";
import { addChangeOptions, allowSimulatedOption } from "../flags/values.ts";
import type { ChangeFlags } from "../terminal/change.ts";

type ApplyFlags = Omit<ApplyRequest, "plan"> & ChangeFlags;

/** `portolan apply`, of cluster state, a saved plan or a backup. */
export function applyCommand(name: string, finish: (exitCode: number) => void): Command {
  const command = new Command("apply")
    .summary("make this host as cluster state, or a saved plan, says")
    .description(
      "Checks this host, keeps a backup, runs the steps of the plan, reads the host again and compares. If anything " +
        "fails, the host is led back to what it was. Rules of others are left alone.",
    )
    .argument("[plan]", "a file that plan --out wrote");
  return addChangeOptions(addStateOptions(command, { isRequired: false }))
    .addOption(allowSimulatedOption())
    .option("--restore <backup>", "go back to a backup that apply has kept")
    .addOption(
      new Option("--dry-run <where>", "client: show what a new host would get; host: check this one, change nothing")
        .choices(["client", "host"])
        .conflicts("confirmWithin"),
    )
    .addOption(colorOption())
    .addHelpText(
      "after",
      `
Examples:
  # make this host what kube-proxy would make it, and go back unless confirmed
  $ ${name} apply -f cluster.yaml --node node1 --confirm-within 30s

  # look at the plan first, then run exactly that
  $ ${name} plan -f cluster.yaml --node node1 --out node1.plan
  $ ${name} apply node1.plan

Exit codes: 0 fine, 2 usage, 3 input invalid, 4 environment (nothing was done),
5 failed and led back, 6 failed and not led back, 7 the plan is stale.
`,
    )
    .action(async (plan: string | undefined, flags: ApplyFlags) => {
      finish(await runApply(plan, flags));
    });
}

async function runApply(plan: string | undefined, flags: ApplyFlags): Promise<number> {
  const [{ applyState }, { runChange }] = await Promise.all([
    import("../../app/apply.ts"),
    import("../terminal/change.ts"),
  ]);
  return runChange(flags, (control, effects) => applyState({ ...flags, plan }, control, effects));
}
