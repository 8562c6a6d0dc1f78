// A JSON Schema as rows: a field, its types and what it means.

/** The fields of a document, then those of each definition. Fields of an inner object have its path before theirs. */
export function schemaFields(schema) {
  const definitions = Object.entries(schema.$defs ?? {});
  return [[undefined, schema], ...definitions].map(([definition, one]) => ({
    definition,
    fields: isPlainObject(one) ? propertiesOf(one, "") : [fieldOf(one, { path: definition ?? "", isRequired: true })],
  }));
}

function isPlainObject({ properties }) {
  return properties !== undefined;
}

function propertiesOf({ properties, required = [] }, above) {
  return Object.entries(properties).flatMap(([name, property]) => {
    const path = `${above}${name}`;
    return [fieldOf(property, { path, isRequired: required.includes(name) }), ...innerFields(property, path)];
  });
}

function fieldOf(property, { path, isRequired }) {
  return { path, isRequired, types: typesOf(property), description: property.description ?? "" };
}

/** The fields of an object, of the elements of an array, of each alternative. */
function innerFields(property, path) {
  const { properties, items, oneOf = [], additionalProperties } = property;
  if (properties !== undefined) return propertiesOf(property, `${path}.`);
  if (items !== undefined) return innerFields(items, `${path}[]`);
  if (typeof additionalProperties === "object") return innerFields(additionalProperties, `${path}.*`);
  const rows = oneOf.flatMap((one) => innerFields(one, path));
  return rows.filter((row, at) => rows.findIndex((other) => other.path === row.path) === at);
}

function typesOf(property) {
  const { $ref, const: constant, enum: values, type, items, oneOf, additionalProperties } = property;
  if ($ref !== undefined) return [{ definition: $ref.slice("#/$defs/".length) }];
  if (oneOf !== undefined) return oneOf.flatMap(typesOf);
  if (constant !== undefined) return [{ text: JSON.stringify(constant) }];
  if (values !== undefined) return values.map((value) => ({ text: JSON.stringify(value) }));
  if (items !== undefined) return typesOf(items).map((one) => ({ ...one, isArray: true }));
  if (typeof additionalProperties === "object" && property.properties === undefined)
    return [{ text: "object" }, ...typesOf(additionalProperties)].slice(0, 1);
  return [type ?? "any"].flat().map((text) => ({ text }));
}
