import type { FieldName } from "../../protocol.ts";

/** Marks a step or a rule as made from a field: hovering it or moving the focus to it shows the field everywhere. */
export function linkTo(field: FieldName | undefined): Readonly<Record<string, string>> {
  if (field === undefined || field.object === "kube-proxy" || field.object === "") return {};
  return { "data-link": keyOf(field), "data-object": field.object, "data-field": field.field };
}

export function keyOf({ object, field }: FieldName): string {
  return `${object} ${field}`;
}

/** The link that an event happened on. */
export function linkAt(target: EventTarget | null): FieldName | undefined {
  const found = target instanceof Element ? target.closest<HTMLElement>("[data-link]") : null;
  if (found === null) return undefined;
  return { object: found.dataset.object ?? "", field: found.dataset.field ?? "" };
}

/** Shows everything that comes from these fields as linked, and nothing else. */
export function showLinked(fields: readonly FieldName[]): void {
  const keys = new Set(fields.map(keyOf));
  const objects = new Set(fields.map(({ object }) => object));
  for (const one of document.querySelectorAll<HTMLElement>("[data-object]")) {
    const { link, object = "" } = one.dataset;
    one.classList.toggle("is-linked", link === undefined ? objects.has(object) : keys.has(link));
  }
}
