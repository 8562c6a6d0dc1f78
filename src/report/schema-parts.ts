/** An object with these fields and no others. */
export function record(
  required: Readonly<Record<string, object>>,
  optional: Readonly<Record<string, object>> = {},
): object {
  const properties = { ...required, ...optional };
  return { type: "object", properties, required: Object.keys(required), additionalProperties: false };
}

/** A string. */
export function text(description: string): object {
  return { type: "string", description };
}

/** A list of strings. */
export function names(description: string): object {
  return { type: "array", items: { type: "string" }, description };
}

/** A number of things. */
export function count(description: string): object {
  return { type: "integer", minimum: 0, description };
}
