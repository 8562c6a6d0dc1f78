import { Command, Option } from "commander";
import type { ApplyRequest } from "../../app/apply.ts";
import { addChangeOptions, allowSimulatedOption } from "../flags.ts";
import { addStateOptions, colorOption } from "../state-flags.ts";
import type { ChangeFlags } from "../terminal/change.ts";

type ApplyFlags = Omit<ApplyRequest, "plan"> & ChangeFlags;

/** `portolan apply`, of cluster state, a saved plan or a backup. */
export function applyCommand(name: string, finish: (exitCode: number) => void): Command {
  const command = new Command("apply")
    .summary("change this host to match cluster state or a saved plan")
    .description(
      "Checks this host, saves a backup, runs the steps of the plan, reads the host again and compares. If anything " +
        "fails, the host is rolled back. Rules of other programs are not changed.",
    )
    .argument("[plan]", "a file written by plan --out");
  return addChangeOptions(addStateOptions(command, { isRequired: false }))
    .addOption(allowSimulatedOption())
    .option("--restore <backup>", "restore a backup that apply saved")
    .addOption(
      new Option("--dry-run <where>", "client: show the plan for a new host; host: check this host, change nothing")
        .choices(["client", "host"])
        .conflicts("confirmWithin"),
    )
    .addOption(colorOption())
    .addHelpText(
      "after",
      `
Examples:
  # program this host as kube-proxy would, and roll back unless confirmed
  $ ${name} apply -f cluster.yaml --node node1 --confirm-within 30s

  # review the plan first, then run exactly that plan
  $ ${name} plan -f cluster.yaml --node node1 --out node1.plan
  $ ${name} apply node1.plan

Exit codes: 0 success, 2 usage, 3 input invalid, 4 environment (nothing was done),
5 failed and rolled back, 6 failed and rollback failed, 7 stale plan.
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
