import type { CatalogPart } from "./entry.ts";

/** Faults in a saved plan, which `portolan apply FILE` reads. */
export const planFileCodes = {
  "plan-field-missing": {
    severity: "error",
    message: "the plan has no field {field}",
    hint: "create the plan again with portolan plan --out FILE",
    explanation:
      "A saved plan has exactly the fields of its schema, which portolan schema plan prints. Nothing runs from a plan that lacks one of them.",
  },
  "plan-field-unknown": {
    severity: "error",
    message: "a plan has no field {field}",
    hint: "create the plan again with portolan plan --out FILE",
    explanation:
      "A saved plan has exactly the fields of its schema, which portolan schema plan prints. A field that is not read could say something else than what runs, so the plan is refused.",
  },
  "plan-value-invalid": {
    severity: "error",
    message: "{field} must be {wanted}, not {got}",
    hint: "create the plan again with portolan plan --out FILE",
    explanation:
      "A saved plan has the values of its schema, which portolan schema plan prints. It contains the state to reach and shows the steps. What runs is computed again from the state.",
  },
} as const satisfies CatalogPart;
