import { FAILSAFE_SCHEMA, type Schema, Type } from "js-yaml";
import type { CreateNodeOptions, DocumentOptions, ParseOptions, ScalarTag, SchemaOptions } from "yaml";

/**
 * YAML as kubectl reads it: YAML 1.1 booleans, 0o17 and 070 octal, but neither sexagesimal numbers nor dates.
 * Source: the resolve table of go.yaml.in/yaml/v2, which sigs.k8s.io/yaml uses.
 */
interface ScalarRule {
  readonly tag: string;
  /** The plain scalars that are of this type. */
  readonly pattern: RegExp;
  readonly read: (text: string) => unknown;
}

const rules: readonly ScalarRule[] = [
  { tag: "null", pattern: /^(?:~|null|Null|NULL)?$/, read: () => null },
  {
    tag: "bool",
    pattern: /^(?:y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/,
    read: (text) => /^(?:y|yes|true|on)$/i.test(text),
  },
  {
    tag: "int",
    pattern: /^[-+]?(?:0[bB][01_]+|0[oO]?[0-7_]+|0[xX][0-9a-fA-F_]+|0|[1-9][0-9_]*)$/,
    read: (text) => {
      const plain = text.replaceAll("_", "").replace(/^([-+]?)0(?=[0-7])/, "$10o");
      const sign = plain.startsWith("-") ? -1 : 1;
      return sign * Number(plain.replace(/^[-+]/, ""));
    },
  },
  {
    tag: "float",
    pattern: /^[-+]?(?:\.[0-9_]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?$/,
    read: (text) => Number(text.replaceAll("_", "")),
  },
  {
    tag: "float",
    pattern: /^(?:[-+]?\.(?:inf|Inf|INF)|\.nan|\.NaN|\.NAN)$/,
    read: (text) => (/nan/i.test(text) ? Number.NaN : text.startsWith("-") ? -Infinity : Infinity),
  },
];

const tagPrefix = "tag:yaml.org,2002:";

const tags: ScalarTag[] = rules.map(({ tag, pattern, read }) => ({
  tag: tagPrefix + tag,
  default: true,
  test: pattern,
  resolve: (text) => read(text),
}));

/** For the library `yaml`, which keeps the position of each value. */
export const kubectlYaml: ParseOptions & DocumentOptions & SchemaOptions & CreateNodeOptions = {
  schema: "failsafe",
  customTags: tags,
  merge: true,
  // Looked for afterwards: the library compares every key with all others of its mapping.
  uniqueKeys: false,
  prettyErrors: false,
  logLevel: "silent",
};

/** For `js-yaml`, which is eight times as fast and returns values only. A type's name may occur only once there. */
export const kubectlSchema: Schema = FAILSAFE_SCHEMA.extend({ implicit: fastTypes() });

function fastTypes(): Type[] {
  return [...new Set(rules.map(({ tag }) => tag))].map((tag) => {
    const ours = rules.filter((rule) => rule.tag === tag);
    const ruleFor = (text: string): ScalarRule | undefined => ours.find(({ pattern }) => pattern.test(text));
    return new Type(tagPrefix + tag, {
      kind: "scalar",
      resolve: (text: string | null) => ruleFor(text ?? "") !== undefined,
      construct: (text: string | null) => ruleFor(text ?? "")?.read(text ?? ""),
    });
  });
}
