import type { CreateNodeOptions, DocumentOptions, ParseOptions, ScalarTag, SchemaOptions } from "yaml";

/**
 * YAML as kubectl reads it: YAML 1.1 booleans, 0o17 and 070 octal, but neither sexagesimal numbers nor dates.
 * Source: the resolve table of go.yaml.in/yaml/v2, which sigs.k8s.io/yaml uses.
 */
const booleans: Readonly<Record<string, boolean>> = Object.fromEntries([
  ...["y", "yes", "true", "on"].flatMap((word) => spellings(word).map((text) => [text, true])),
  ...["n", "no", "false", "off"].flatMap((word) => spellings(word).map((text) => [text, false])),
]);

function spellings(word: string): readonly string[] {
  return [word, word.toUpperCase(), word.charAt(0).toUpperCase() + word.slice(1)];
}

const booleanTag: ScalarTag = {
  tag: "tag:yaml.org,2002:bool",
  default: true,
  test: /^(?:y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/,
  resolve: (text) => booleans[text] ?? text,
};

const nullTag: ScalarTag = {
  tag: "tag:yaml.org,2002:null",
  default: true,
  test: /^(?:~|null|Null|NULL)?$/,
  resolve: () => null,
};

const integerTag: ScalarTag = {
  tag: "tag:yaml.org,2002:int",
  default: true,
  test: /^[-+]?(?:0[bB][01_]+|0[oO]?[0-7_]+|0[xX][0-9a-fA-F_]+|0|[1-9][0-9_]*)$/,
  resolve: (text) => {
    const plain = text.replaceAll("_", "").replace(/^([-+]?)0(?=[0-7])/, "$10o");
    const sign = plain.startsWith("-") ? -1 : 1;
    return sign * Number(plain.replace(/^[-+]/, ""));
  },
};

const floatTag: ScalarTag = {
  tag: "tag:yaml.org,2002:float",
  default: true,
  test: /^[-+]?(?:\.[0-9_]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?$/,
  resolve: (text) => Number(text.replaceAll("_", "")),
};

const specialFloatTag: ScalarTag = {
  tag: "tag:yaml.org,2002:float",
  default: true,
  test: /^(?:[-+]?\.(?:inf|Inf|INF)|\.nan|\.NaN|\.NAN)$/,
  resolve: (text) => (/nan/i.test(text) ? Number.NaN : text.startsWith("-") ? -Infinity : Infinity),
};

export const kubectlYaml: ParseOptions & DocumentOptions & SchemaOptions & CreateNodeOptions = {
  schema: "failsafe",
  customTags: [nullTag, booleanTag, integerTag, floatTag, specialFloatTag],
  merge: true,
  uniqueKeys: true,
  prettyErrors: false,
  logLevel: "silent",
};
