import type { Script, ScriptStep } from "../../../ir/artifact.ts";
import { nftFamily } from "../../../languages/nftables/write.ts";
import type { FamilyPlan, ForwardingPlan } from "../../../plan/forwarding/forwarding-plan.ts";
import { nodePortAddresses } from "../../../plan/forwarding/node-port-scope.ts";
import { always, type LowerOptions } from "../../origins.ts";
import { textStep } from "../steps.ts";
import { assembleTable } from "./assemble.ts";
import { addFixedChains } from "./base.ts";
import { lowerServicePort } from "./lower-service-port.ts";
import { addElement, createTableObjects } from "./table-objects.ts";

/** The nftables mode: one transaction for the table of each family. */
export function lowerNftables(plan: ForwardingPlan, options: LowerOptions): Script {
  return { steps: plan.families.map((family) => lowerFamily(family, options)) };
}

function lowerFamily({ settings, servicePorts }: FamilyPlan, options: LowerOptions): ScriptStep {
  const objects = createTableObjects(options);
  for (const servicePort of servicePorts) lowerServicePort(servicePort, settings, objects);
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
