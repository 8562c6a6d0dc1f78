import { place, record, text } from "../report/schema-parts.ts";
import { type NamedSchema, schemas as outputSchemas } from "../report/schemas.ts";
import { type Setting, settingNames, settings } from "./settings.ts";

const dialect = "https://json-schema.org/draft/2020-12/schema";

/** JSON Schemas by the name that `portolan schema` takes: those of outputs, and those that follow from the settings. */
export const schemas: Readonly<Record<string, NamedSchema>> = {
  ...outputSchemas,
  config: { of: ".portolan.yaml, for editors", schema: fileSchema() },
  settings: { of: "portolan config, as JSON", schema: settingsSchema() },
};

function fileSchema(): object {
  const properties = settingNames.map((name) => {
    const { description, usual }: Setting = settings[name];
    return [name, { ...valueSchema(settings[name]), description, ...(usual === undefined ? {} : { default: usual }) }];
  });
  const title = "Portolan settings";
  const description = "The file .portolan.yaml: values of flags for a directory and those below it.";
  return { $schema: dialect, title, description, ...record({}, Object.fromEntries(properties)) };
}

/** The values that a setting takes, or null for none. */
function valueSchema({ type, choices, known, range }: Setting): object {
  switch (type) {
    case "boolean":
      return { type: ["boolean", "null"] };
    case "number":
      return { type: ["integer", "null"], ...(range === undefined ? {} : { minimum: range[0], maximum: range[1] }) };
    case "list":
      return {
        type: ["array", "string", "null"],
        items: { type: "string", ...(known === undefined ? {} : { enum: known }) },
      };
    case "path":
    case "text":
      return choices === undefined ? { type: ["string", "null"] } : { enum: [...choices, null] };
  }
}

function settingsSchema(): object {
  const sources = ["flag", "environment", "file", "default"];
  const setting = record(
    {
      name: { enum: settingNames, description: "Its name in the file." },
      source: { enum: sources, description: "Where the value comes from." },
      flag: text("The flag of other commands."),
      variable: text("The variable of the environment."),
    },
    {
      value: {
        type: ["string", "integer", "boolean", "array"],
        items: { type: "string" },
        description: "Without one, what holds depends on the input.",
      },
      file: text("The file that has the value."),
      line: place(),
      column: place(),
    },
  );
  return {
    $schema: dialect,
    title: "Portolan Settings",
    description: "Every setting, and where its value comes from.",
    ...record(
      {
        apiVersion: { const: "portolan/v1alpha1" },
        kind: { const: "Settings" },
        settings: { type: "array", items: setting },
      },
      { file: text("The settings file in force.") },
    ),
  };
}
