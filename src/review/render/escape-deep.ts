import { escapeControls } from "../../diagnostics/printable.ts";

/**
 * The same value with every text in it made safe to show. Renderers begin with this, so that none of them can
 * forget a field.
 */
export function escapeDeep<Value>(value: Value): Value {
  return escapeAny(value) as Value;
}

function escapeAny(value: unknown): unknown {
  if (typeof value === "string") return escapeControls(value);
  if (Array.isArray(value)) return value.map(escapeAny);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, escapeAny(field)]));
}
