import { Command, Option } from "commander";
import type { ApplyFlags } from "../commands/apply.ts";
import type { CleanupFlags } from "../commands/cleanup.ts";
import type { CollectFlags } from "../commands/collect.ts";
import type { PlanFlags } from "../commands/plan.ts";
import type { VerifyFlags } from "../commands/verify.ts";
import { addNarrowOptions, narrowFlags } from "./narrow-flags.ts";
import { duration, notEmpty } from "./option-values.ts";
import { addStateOptions, colorOption } from "./state-flags.ts";

type Finish = (exitCode: number) => void;

/** The commands about a Linux host. Actions load what they need. */
export function hostCommands(name: string, finish: Finish): readonly Command[] {
  return [
    planCommand(name, finish),
    applyCommand(name, finish),
    verifyCommand(name, finish),
    collectCommand(name, finish),
    cleanupCommand(name, finish),
  ];
}

function actualOption(): Option {
  return new Option("--actual <file>", "output of collect on the node; - for standard input; local: this host")
    .argParser(notEmpty)
    .default("local");
}

function allowSimulatedOption(): Option {
  return new Option("--allow-simulated", "continue although parts of the state are simulated");
}

function addChangeOptions(command: Command): Command {
  return command
    .option("--backup-dir <dir>", "where to save a backup of the current state", "/var/lib/portolan")
    .option("--replace-kube-proxy", "continue although kube-proxy runs here; stop it soon, or it undoes the change")
    .addOption(
      new Option("--confirm-within <time>", "roll back unless you type yes within this time, such as 30s").argParser(
        duration,
      ),
    )
    .option("--rules", "show every rule that changes");
}

function planCommand(name: string, finish: Finish): Command {
  const command = new Command("plan")
    .summary("show what apply would change on a host")
    .description(
      "Compares the desired rules of a node with the rules of a host, and prints what would be added, changed and " +
        "removed, by Service. Changes nothing.",
    );
  return addNarrowOptions(addStateOptions(command))
    .addOption(allowSimulatedOption())
    .addOption(actualOption())
    .option("--rules", "show every rule that changes")
    .addOption(
      new Option("--out <file>", "save the plan; apply FILE then runs exactly this, or refuses").conflicts(narrowFlags),
    )
    .addOption(new Option("-o, --output <format>", "default: text").choices(["text", "json"]))
    .addOption(colorOption())
    .addHelpText(
      "after",
      `
Examples:
  # what would change on this host
  $ ${name} plan -f cluster.yaml --node node1

  # the same for another host, from what collect wrote there, rule by rule
  $ ${name} plan -f cluster.yaml --node node1 --actual node1.txt --rules

  # only the Services of one namespace
  $ ${name} plan -f cluster.yaml --node node1 --actual node1.txt -n shop

Exit codes: 0 no changes, 1 changes, 2 usage, 3 input invalid,
4 environment.
`,
    )
    .action(async (flags: PlanFlags) => {
      const { runPlan } = await import("../commands/plan.ts");
      finish(await runPlan(flags));
    });
}

function applyCommand(name: string, finish: Finish): Command {
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

Exit codes: 0 success, 2 usage, 3 input invalid, 4 environment (nothing changed),
5 failed and rolled back, 6 failed and not rolled back, 7 the plan is stale.
`,
    )
    .action(async (plan: string | undefined, flags: ApplyFlags) => {
      const { runApply } = await import("../commands/apply.ts");
      finish(await runApply(plan, flags));
    });
}

function verifyCommand(name: string, finish: Finish): Command {
  const command = new Command("verify")
    .alias("drift")
    .summary("find drift: has the host drifted, and which Services are affected")
    .description(
      "Compares a host with its desired rules: what is missing, extra, changed or reordered, which Services are " +
        "affected, and foreign rules that come before kube-proxy's. Changes nothing.",
    );
  return addNarrowOptions(addStateOptions(command))
    .addOption(allowSimulatedOption())
    .addOption(actualOption())
    .addOption(
      new Option("--fix", "print a shell script that repairs it, instead of the findings").conflicts(narrowFlags),
    )
    .addOption(new Option("-o, --output <format>", "default: text").choices(["text", "json"]).conflicts("fix"))
    .addOption(colorOption())
    .addHelpText(
      "after",
      `
Examples:
  # does this host still match the running cluster?
  $ ${name} verify --live --node node1

  # does this host still match the saved state?
  $ ${name} verify -f cluster.yaml --node node1

  # another host, and a script that repairs it
  $ ${name} verify -f cluster.yaml --node node1 --actual node1.txt --fix

  # are the Services of one team affected?
  $ ${name} verify -f cluster.yaml --node node1 -l team=payments

Exit codes: 0 no drift, 1 drift, 2 usage, 3 input invalid, 4 environment.
`,
    )
    .action(async (flags: VerifyFlags) => {
      const { runVerify } = await import("../commands/verify.ts");
      finish(await runVerify(flags));
    });
}

function collectCommand(name: string, finish: Finish): Command {
  return new Command("collect")
    .summary("print the state of this host as one text document")
    .description("Prints the rules, sets, virtual servers and addresses of this host. Changes nothing.")
    .addOption(
      new Option("--script", "print a shell script that does the same on a host without Portolan").conflicts("host"),
    )
    .addOption(
      new Option("--host", "print the Host document of this host instead, as input for compile").conflicts("script"),
    )
    .option("--node <name>", "with --host: the Node's name, if it differs from the host name")
    .addHelpText(
      "after",
      `
Examples:
  # on the node, with Portolan or without
  $ ${name} collect > node1.txt
  $ ${name} collect --script | ssh node1 sudo sh > node1.txt
`,
    )
    .action(async (flags: CollectFlags) => {
      const { runCollect } = await import("../commands/collect.ts");
      finish(await runCollect(flags));
    });
}

function cleanupCommand(name: string, finish: Finish): Command {
  const command = new Command("cleanup")
    .summary("delete all kube-proxy rules from this host")
    .description(
      "Removes the chains, jumps, sets, virtual servers, addresses and counters that Portolan or kube-proxy made, in " +
        "either mode. Rules of the kubelet and of other programs are not changed.",
    );
  return addChangeOptions(command)
    .addOption(new Option("--dry-run", "show what would be removed"))
    .addOption(colorOption())
    .addHelpText("after", `\nExample:\n  $ ${name} cleanup --dry-run\n`)
    .action(async (flags: CleanupFlags) => {
      const { runCleanup } = await import("../commands/cleanup.ts");
      finish(await runCleanup(flags));
    });
}
