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

/** A list of things that `$defs` describes. */
export function listOf(name: string): object {
  return { type: "array", items: { $ref: `#/$defs/${name}` } };
}

/** A line or column. */
export function place(): object {
  return { type: "integer", minimum: 1 };
}

/** What -n, -l and --service leave out, with `notShown` among the `$defs`. */
export function narrowed(what: string): object {
  return { $ref: "#/$defs/notShown", description: `The ${what} that -n, -l and --service leave out.` };
}

export function notShown(what: string): object {
  return record({
    filter: text("The options, as on a command line."),
    [what]: count("How many, of other Services."),
    services: count("The number of these Services."),
  });
}
