import { simulatedParts } from "../../model/simulated.ts";
import type { Draft } from "../draft.ts";
import { markFields } from "../mark.ts";
import { recordOf, recordsOf, textOf, type Value } from "../values.ts";

/** The pod as it is while it, or its node, is down: not ready. Itself where neither is. */
export function failPod(value: Value, { settings: { fail } }: Draft): Value {
  if (fail.length === 0) return value;
  const { name, namespace } = recordOf(value.metadata);
  const node = textOf(recordOf(value.spec).nodeName);
  const names = [`${textOf(namespace) ?? "default"}/${textOf(name) ?? ""}`, textOf(name), node];
  if (!fail.some((one) => names.includes(one))) return value;
  const status = recordOf(value.status);
  const others = recordsOf(status.conditions).filter(({ type }) => type !== "Ready");
  const failed = { ...value, status: { ...status, conditions: [...others, { type: "Ready", status: "False" }] } };
  return simulatedParts(value)?.includes("object") ? failed : markFields(failed, ["status.conditions"]);
}
