import { isRecord } from "../../model/fields/fields.ts";
import type { CheckedService, CheckedState } from "./checked-state.ts";
import type { PodSource } from "./pod-sources.ts";

/** The selector of a Service; undefined where it has none, and where nothing is made of it. */
export function selectorOf({ service, spec }: CheckedService): Readonly<Record<string, string>> | undefined {
  const { selector } = spec;
  if (service.type === "ExternalName" || !isRecord(selector)) return undefined;
  const entries = Object.entries(selector).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** The Pods and templates that a Service selects; undefined where the input cannot tell. */
export function selectedPods(checked: CheckedService, { pods }: CheckedState): readonly PodSource[] | undefined {
  const selector = selectorOf(checked);
  if (selector === undefined || pods.length === 0) return undefined;
  return pods.filter((pod) => pod.namespace === checked.service.namespace && matches(pod, selector));
}

export function matches({ labels }: PodSource, selector: Readonly<Record<string, string>>): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}
