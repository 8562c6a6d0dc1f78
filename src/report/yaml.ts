import { Document, visit } from "yaml";
import { hasHidden, printableYaml } from "../diagnostics/printable.ts";

/** A value as YAML that is printable, and that every parser reads as the same value. Long texts stay readable blocks. */
export function printYaml(value: unknown): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_, scalar) => {
      if (typeof scalar.value === "string" && hasHidden(scalar.value.replaceAll("\n", "")))
        scalar.type = "QUOTE_DOUBLE";
    },
  });
  return printableYaml(document.toString({ lineWidth: 0 }));
}
