import type { Script, ScriptStep } from "../../../ir/artifact.ts";
import { joinLines, linesOf } from "../../../ir/lines.ts";
import type { FamilyPlan, ForwardingPlan } from "../../../plan/forwarding/forwarding-plan.ts";
import type { LowerOptions } from "../../origins.ts";
import { counters } from "../names.ts";
import { assembleJumps, restoreSteps } from "../steps.ts";
import { assembleRestore } from "./assemble.ts";
import { jumps } from "./base.ts";
import { lowerServicePort } from "./lower-service-port.ts";
import { createSections } from "./sections.ts";

/**
 * The iptables mode: the steps that program a plan. Chains first, then the jumps to them, and route_localnet after the
 * chain that protects 127.0.0.0/8.
 */
export function lowerIptables(plan: ForwardingPlan, options: LowerOptions): Script {
  const used = new Set<string>();
  const restores = plan.families.flatMap((family) => lowerFamily(family, options, used));
  return { steps: [...counterSteps(used), ...restores, ...sysctlSteps(plan)] };
}

function lowerFamily(
  { settings, servicePorts }: FamilyPlan,
  options: LowerOptions,
  used: Set<string>,
): readonly ScriptStep[] {
  const sections = createSections(options);
  for (const servicePort of servicePorts) lowerServicePort(servicePort, settings, sections);
  if (settings.nfacct && settings.dropsInvalid) used.add(counters.invalidDropped);
  for (const counter of sections.counters) used.add(counter);
  return restoreSteps(settings.family, assembleRestore(settings, sections), assembleJumps(jumps, options.origins));
}

function counterSteps(used: ReadonlySet<string>): readonly ScriptStep[] {
  if (used.size === 0) return [];
  const stdin = joinLines([linesOf([...used].sort())]);
  return [
    {
      purpose: "make the counters that rules use",
      argv: ["xargs", "-n", "1", "nfacct", "add"],
      stdin,
      language: "nfacct",
      file: "nfacct.counters",
    },
  ];
}

/** Set for the whole host, so also where no IPv4 rules are written. */
function sysctlSteps(plan: ForwardingPlan): readonly ScriptStep[] {
  if (plan.localhostNodePorts !== "served") return [];
  const stdin = joinLines([linesOf(["net.ipv4.conf.all.route_localnet = 1"])]);
  const argv = ["sysctl", "-p", "-"];
  return [{ purpose: "let node ports answer on 127.0.0.1", argv, stdin, language: "sysctl", file: "sysctl.conf" }];
}
