import type { CatalogPart } from "./entry.ts";

export const overlayCodes = {
  "overlay-absent-invalid": {
    severity: "error",
    message: 'the annotation portolan/absent must be the string "true", not {got}',
    hint: 'write portolan/absent: "true", with quotes',
    explanation:
      'In an overlay, the annotation portolan/absent: "true" deletes the object of that kind, namespace and name. Annotations are strings: without the quotes YAML reads a boolean, which the API server rejects.',
  },
  "overlay-absent-unknown": {
    severity: "warning",
    message: "the overlay deletes {object}, which does not exist",
    hint: "check its kind, namespace and name",
    explanation:
      "An object of an overlay has the annotation portolan/absent, but the state under the overlay has no object of that kind, namespace and name. It may already be deleted, or its name may be misspelt.",
  },
  "absent-outside-overlay": {
    severity: "warning",
    message: "the annotation portolan/absent has an effect only in an overlay; the object is kept",
    hint: "pass the file with --overlay",
    explanation:
      "The annotation portolan/absent deletes an object of the state under the overlay. In files passed with -f, or as a side of diff, the annotation is ignored.",
  },
  "overlay-endpoints-kept": {
    severity: "warning",
    message: "the overlay changes the {field} of {object}, which keeps its current endpoints",
    hint: "add the new EndpointSlices to the overlay if they matter",
    explanation:
      "A cluster would choose other endpoints for a Service with another selector, port or targetPort. If the state has the Pods of its namespace, Portolan chooses the endpoints from them. Here it does not, so the EndpointSlices of the state are kept unless the overlay has its own.",
  },
  "overlay-endpoints-recomputed": {
    severity: "info",
    message:
      "the overlay changes the selector, port or targetPort of {object}: its endpoints are recomputed from the Pods of the state",
    explanation:
      "With an overlay, a Service may select other pods, or other ports of them, than the EndpointSlices of the state contain. The state has the Pods of its namespace, so the endpoints are chosen from them as the EndpointSlice controller would. Pods of the overlay's own workloads are not included; --simulate creates those.",
  },
} as const satisfies CatalogPart;
