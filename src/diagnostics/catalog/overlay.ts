import type { CatalogPart } from "./entry.ts";

export const overlayCodes = {
  "overlay-absent-invalid": {
    severity: "error",
    message: 'the annotation portolan/absent must be the text "true", not {got}',
    hint: 'write portolan/absent: "true", in quotes',
    explanation:
      'In an overlay, the annotation portolan/absent: "true" takes the object of that kind, namespace and name away. Annotations are text: without the quotes YAML reads a boolean, which no API server accepts.',
  },
  "overlay-absent-unknown": {
    severity: "warning",
    message: "{object} is to be taken away, but is not there",
    hint: "look at its kind, namespace and name",
    explanation:
      "An object of an overlay has the annotation portolan/absent, and nothing below it has that kind, namespace and name. It may be gone already, or misspelt.",
  },
  "overlay-absent-elsewhere": {
    severity: "warning",
    message: "the annotation portolan/absent counts only in an overlay; the object stays",
    hint: "name the file with --overlay",
    explanation:
      "The annotation portolan/absent takes away what an overlay is laid over. An object that is given with -f, or as a side of diff, is there whatever the annotation says.",
  },
  "overlay-endpoints-stay": {
    severity: "warning",
    message: "{object} gets another {field}, and keeps the endpoints it has",
    hint: "lay its new EndpointSlices over as well, where they matter",
    explanation:
      "A cluster would choose other endpoints for a Service with another selector, port or targetPort. Where the state holds the Pods of its namespace, they are chosen from these; here it does not, so the EndpointSlices of the state below the overlay stay as they are, unless the overlay brings its own.",
  },
  "overlay-endpoints-recomputed": {
    severity: "info",
    message:
      "{object} gets another selector, port or targetPort: its endpoints are chosen anew from the Pods of the state",
    explanation:
      "Under an overlay a Service may select other pods, or other ports of them, than the EndpointSlices of the state say. The state holds the Pods of its namespace, so the endpoints are chosen from them as the EndpointSlice controller would. Pods that the overlay's own workloads would get are not among them; --simulate makes those.",
  },
} as const satisfies CatalogPart;
