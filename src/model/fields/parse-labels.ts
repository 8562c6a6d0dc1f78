import { type Fields, placeOf, textMapField } from "./fields.ts";
import { isLabelValue, isQualifiedName } from "./names.ts";

type Texts = Readonly<Record<string, string>>;

/** Labels, or a selector of labels (ValidateLabels of apimachinery). */
export function parseLabels(fields: Fields, key: string): Texts {
  const labels = textMapField(fields, key);
  checkKeys(fields, key, labels, isQualifiedName);
  for (const name in labels) {
    const value = labels[name] as string;
    if (!isLabelValue(value)) tell(fields, key, name, { got: value, what: "label value" });
  }
  return labels;
}

/** Annotations: their values are free, and upper case counts as lower case in their keys. */
export function parseAnnotations(fields: Fields, key: string): Texts {
  const annotations = textMapField(fields, key);
  checkKeys(fields, key, annotations, (name) => isQualifiedName(name.toLowerCase()));
  return annotations;
}

function checkKeys(fields: Fields, key: string, texts: Texts, isKey: (name: string) => boolean): void {
  for (const name in texts) {
    if (!isKey(name)) tell(fields, key, name, { got: name, what: "label or annotation key" }, "key");
  }
}

function tell(
  fields: Fields,
  key: string,
  name: string,
  parameters: { readonly got: string; readonly what: string },
  caret: "key" | "value" = "value",
): void {
  fields.report("label-invalid", { parent: placeOf(fields, key), key: name }, parameters, { caret });
}

/** A field that holds a qualified name, such as appProtocol. */
export function checkQualifiedName(fields: Fields, field: string, text: string | undefined): void {
  if (text === undefined || isQualifiedName(text)) return;
  fields.report("qualified-name-invalid", placeOf(fields, field), { field, got: text });
}
