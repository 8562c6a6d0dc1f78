import { at } from "../../../diagnostics/place.ts";
import {
  type CheckedService,
  type CheckedState,
  matches,
  type StateRule,
  selectedPods,
  selectorOf,
} from "../checked-state.ts";

/** Selectors that none of the Pods and templates of the input matches. */
export const selectorMatchesNothing: StateRule = (state) => {
  for (const checked of state.services) {
    const selected = selectedPods(checked, state);
    const selector = selectorOf(checked);
    if (selected === undefined || selector === undefined || selected.length > 0) continue;
    // The Service has endpoints, so the input does not contain all of its pods.
    if (checked.slices.some(({ endpoints }) => endpoints.length > 0)) continue;
    const { namespace, place } = checked.service;
    const spelled = Object.entries(selector)
      .map(([key, value]) => `${key}=${value}`)
      .join(",");
    const hint = nearest(checked, selector, state);
    checked.report(
      "selector-matches-nothing",
      at(at(place, "spec"), "selector"),
      { namespace, selector: spelled },
      { hint },
    );
  }
};

/** A source that would match except for one label, or for the namespace. */
function nearest(
  { service }: CheckedService,
  selector: Readonly<Record<string, string>>,
  { pods }: CheckedState,
): string | undefined {
  const elsewhere = pods.find((pod) => matches(pod, selector));
  if (elsewhere !== undefined) return `${elsewhere.object} in another namespace has these labels`;
  const keys = Object.keys(selector);
  for (const pod of pods) {
    const wrong = keys.filter((key) => pod.labels[key] !== selector[key]);
    const [key] = wrong;
    if (pod.namespace !== service.namespace || wrong.length !== 1 || key === undefined) continue;
    const label = pod.labels[key];
    if (label !== undefined) return `${pod.object} has ${key}=${label}`;
    if (keys.length > 1) return `${pod.object} has all of them except ${key}`;
  }
  return undefined;
}
