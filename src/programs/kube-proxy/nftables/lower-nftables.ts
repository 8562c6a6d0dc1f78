import type { Report } from "../../../diagnostics/diagnostic.ts";
import type { Script, ScriptStep } from "../../../ir/artifact.ts";
import { longestComment, nftFamily } from "../../../languages/nftables/write.ts";
import type { FamilyPlan, ForwardingPlan, ServicePortPlan } from "../../../plan/forwarding/forwarding-plan.ts";
import { nodePortAddresses } from "../../../plan/forwarding/node-port-scope.ts";
import { always, type LowerOptions } from "../../origins.ts";
import { textStep } from "../steps.ts";
import { assembleTable } from "./assemble.ts";
import { addFixedChains } from "./base.ts";
import { lowerServicePort } from "./lower-service-port.ts";
import { addElement, createTableObjects } from "./table-objects.ts";

/** The nftables mode: one transaction for the table of each family. */
export function lowerNftables(plan: ForwardingPlan, options: LowerOptions, report: Report): Script {
  return { steps: plan.families.map((family) => lowerFamily(family, options, report)) };
}

/** Reports the diagnostics of lowering without making text. */
export function inspectNftables({ families }: ForwardingPlan, report: Report): void {
  for (const { servicePorts } of families) for (const port of servicePorts) reportLongName(port, report);
}

/** A service port without endpoints is named in a comment. */
function reportLongName({ name, port, internal, external }: ServicePortPlan, report: Report): void {
  const isNamed = internal.kind !== "balance" || (external !== undefined && external.route.kind !== "balance");
  if (isNamed && name.length > longestComment)
    report("nft-comment-too-long", port.place, { name, longest: longestComment });
}

function lowerFamily({ settings, servicePorts }: FamilyPlan, options: LowerOptions, report: Report): ScriptStep {
  const objects = createTableObjects(options);
  for (const servicePort of servicePorts) {
    lowerServicePort(servicePort, settings, objects);
    reportLongName(servicePort, report);
  }
  objects.cause = always;
  addFixedChains(settings, objects);
  objects.cause = always;
  if (settings.nodePorts.kind === "addresses")
    for (const { text } of nodePortAddresses(settings)) addElement(objects, "nodeport-ips", text, "");
  const { family } = settings;
  const file = `nftables.${nftFamily[family]}.nft`;
  const purpose = "make the table, in one transaction";
  return textStep(
    { purpose, argv: ["nft", "-f", "-"], language: "nftables", family, file },
    assembleTable(settings, objects),
  );
}
