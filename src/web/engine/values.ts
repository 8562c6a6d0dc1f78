/** Readers of values of any type: what is missing or of another type is undefined or empty. */
export type Values = Readonly<Record<string, unknown>>;

export function record(value: unknown): Values {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Values) : {};
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

export function number(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/** The value below these keys. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce((inner, key) => record(inner)[key], value);
}

/** `shop/web` of an object; its namespace is `default` where it has none. */
export function nameOf(object: unknown): string {
  return `${text(at(object, "metadata", "namespace")) ?? "default"}/${text(at(object, "metadata", "name")) ?? ""}`;
}
