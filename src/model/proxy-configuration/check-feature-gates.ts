import { didYouMean } from "../fields/did-you-mean.ts";
import { booleanField, type Fields, placeOf } from "../fields/fields.ts";
import { featureGateFault, featureGateNames } from "./feature-gates.ts";

/** Reports the gates with which kube-proxy 1.36 does not start. */
export function checkFeatureGates(gates: Fields): void {
  for (const gate of Object.keys(gates.value)) {
    const value = booleanField(gates, gate);
    const fault = value === undefined ? undefined : featureGateFault(gate, value);
    if (fault === undefined) continue;
    const near = fault === "unknown" ? didYouMean(gate, featureGateNames()) : undefined;
    const hint = near === undefined ? undefined : `did you mean ${near}?`;
    const words = fault === "unknown" ? "unknown" : `locked to ${!value}`;
    gates.report("feature-gate-refused", placeOf(gates, gate), { gate, fault: words }, { caret: "key", hint });
  }
}
