import { InvalidArgumentError, Option } from "commander";
import { nearestCode, parseCodes } from "../check/suppress.ts";
import { type Code, catalog } from "../diagnostics/catalog.ts";
import { type Cidr, parseCidr } from "../model/address.ts";
import type { PortRange } from "../model/check-clashes.ts";
import { defaultKubeProxyVersion, kubeProxyVersions } from "../model/proxy-configuration/kube-proxy-version.ts";
import { proxyModes } from "../model/proxy-configuration/proxy-configuration.ts";
import { notEmpty } from "./flags.ts";

/** A value as it is written: in the settings file, in JSON, and in the words of a flag. */
export type Written = string | number | boolean | readonly string[];

/**
 * A flag whose value may also come from the environment or from the settings file. Its name in the file is that of the
 * option's value (`podCidr`), its variable that of the flag (`PORTOLAN_POD_CIDR`).
 */
export interface Setting {
  /** As commander takes them. */
  readonly flags: string;
  readonly description: string;
  /** `list`: texts, with commas between them in a flag. `path`: relative to the file that names it. */
  readonly type: "text" | "list" | "path" | "number" | "boolean";
  readonly choices?: readonly string[];
  /** Reads the text of a flag; throws commander's `InvalidArgumentError`. Without one the text is the value. */
  readonly parse?: (text: string, previous: unknown) => unknown;
  /** The smallest and the largest number. */
  readonly range?: readonly [number, number];
  /** All texts that it takes, where these are too many for help. */
  readonly known?: readonly string[];
  /** The flag for false. */
  readonly negation?: { readonly flags: string; readonly description: string };
  /** Turns the simulation on if it is passed as a flag. */
  readonly isOfSimulation?: true;
  /** What holds without the flag, if it is always the same. */
  readonly usual?: Written;
  /** The group of the flag in help. */
  readonly group?: string;
}

const mostNodes = 5000;

/** Every setting. `portolan config`, the schema of the file and the names of variables follow from it. */
export const settings = {
  node: {
    flags: "--node <name>",
    description: "the node to compile for; not needed when the input has one Node, or simulated Nodes: then the first",
    type: "text",
    parse: notEmpty,
  },
  mode: {
    flags: "--mode <mode>",
    description: "kube-proxy's mode; default: the configuration's",
    type: "text",
    choices: proxyModes,
  },
  kubeProxyVersion: {
    flags: "--kube-proxy-version <version>",
    description: `the kube-proxy to follow; default: ${defaultKubeProxyVersion}`,
    type: "text",
    choices: kubeProxyVersions,
    usual: defaultKubeProxyVersion,
  },
  proxyConfig: {
    flags: "--proxy-config <file>",
    description: "KubeProxyConfiguration; replaces the ConfigMap kube-system/kube-proxy of the input",
    type: "path",
  },
  family: {
    flags: "--family <family>",
    description: "default: the families the Node and the Services use",
    type: "text",
    choices: ["ipv4", "ipv6", "dual"],
  },
  hostPorts: {
    flags: "--host-ports",
    description: "the rules of the CNI portmap plugin too, for the hostPorts of the node's Pods",
    type: "boolean",
    usual: false,
  },
  cniConfig: {
    flags: "--cni-config <file>",
    description: "the node's CNI configuration (/etc/cni/net.d); default: portmap's defaults",
    type: "path",
    parse: notEmpty,
  },
  serviceNodePortRange: {
    flags: "--service-node-port-range <range>",
    description: "the API server's node port range (default: 30000-32767)",
    type: "text",
    parse: portRange,
    usual: "30000-32767",
  },
  recursive: {
    flags: "-R, --recursive",
    description: "read the subdirectories of -f too",
    type: "boolean",
    usual: false,
  },
  simulate: {
    flags: "--simulate",
    description:
      "complete plain manifests as a cluster would: addresses, ports, endpoints; the default for bare manifests, which " +
      "have no Node, no endpoints and no field that a cluster fills in",
    type: "boolean",
    negation: { flags: "--no-simulate", description: "take bare manifests as they are" },
  },
  nodes: {
    flags: "--nodes <count>",
    description: "simulated Nodes, if the input has none (default: 3)",
    type: "number",
    range: [1, mostNodes],
    parse: nodeCount,
    isOfSimulation: true,
    usual: 3,
  },
  podCidr: {
    flags: "--pod-cidr <ranges>",
    description: "ranges of simulated pods, one per family (default: 10.244.0.0/16)",
    type: "list",
    parse: ranges,
    isOfSimulation: true,
    usual: ["10.244.0.0/16"],
  },
  serviceCidr: {
    flags: "--service-cidr <ranges>",
    description: "ranges of simulated cluster IPs (default: 10.96.0.0/16)",
    type: "list",
    parse: ranges,
    isOfSimulation: true,
    usual: ["10.96.0.0/16"],
  },
  suppress: {
    flags: "--suppress <codes>",
    description: "hide findings with these codes; repeatable",
    type: "list",
    known: Object.keys(catalog),
    parse: appendCodes,
  },
  failOn: {
    flags: "--fail-on <level>",
    description: "exit with 1 if a finding has at least this level",
    type: "text",
    choices: ["error", "warning", "info", "never"],
    usual: "warning",
  },
  baseline: {
    flags: "--baseline <file>",
    description: "hide findings that are in this file",
    type: "path",
    parse: notEmpty,
  },
  linkBase: {
    flags: "--link-base <url>",
    description: "link places to the files there, such as https://git.example/team/repo/blob/main",
    type: "text",
    parse: linkBase,
    group: "Options for html and markdown:",
  },
} as const satisfies Readonly<Record<string, Setting>>;

export type SettingName = keyof typeof settings;

export const settingNames = Object.keys(settings) as readonly SettingName[];

/** The flag of a setting. A command that has one takes the setting from the environment and the file too. */
export class SettingOption extends Option {
  readonly setting: SettingName;

  constructor(name: SettingName) {
    const { flags, description, choices, parse, isOfSimulation, group }: Setting = settings[name];
    super(flags, description);
    this.setting = name;
    if (choices !== undefined) this.choices(choices);
    if (parse !== undefined) this.argParser(parse);
    if (isOfSimulation) this.implies({ simulate: true });
    if (group !== undefined) this.helpGroup(group);
  }
}

/** `--pod-cidr` */
export function flagOf(name: SettingName): string {
  return settings[name].flags.replace(/^-\w, | <.*$/g, "");
}

/** `PORTOLAN_POD_CIDR` */
export function variableOf(name: SettingName): string {
  return `PORTOLAN_${flagOf(name).slice(2).replaceAll("-", "_").toUpperCase()}`;
}

function portRange(text: string): PortRange {
  const [, first, last] = /^(\d{1,5})-(\d{1,5})$/.exec(text) ?? [];
  const range = { first: Number(first), last: Number(last) };
  if (!(range.first >= 1 && range.first <= range.last && range.last <= 65_535)) {
    throw new InvalidArgumentError("Write it as FIRST-LAST, such as 30000-32767.");
  }
  return range;
}

function nodeCount(text: string): number {
  const count = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= mostNodes) return count;
  throw new InvalidArgumentError(`Write a number from 1 to ${mostNodes}.`);
}

/** `10.96.0.0/16` or `10.96.0.0/16,fd00:10:96::/112`, as the API server takes them. */
function ranges(text: string): readonly Cidr[] {
  const cidrs = text.split(",").map((part) => {
    const cidr = parseCidr(part.trim());
    if (cidr === undefined) throw new InvalidArgumentError(`${part.trim()} is not a CIDR such as 10.96.0.0/16.`);
    return cidr;
  });
  const families = new Set(cidrs.map(({ family }) => family));
  if (families.size < cidrs.length) throw new InvalidArgumentError("Pass at most one range per family.");
  return cidrs;
}

function appendCodes(text: string, previous: unknown): readonly Code[] {
  const { codes, unknown } = parseCodes(notEmpty(text));
  const [first] = unknown;
  if (first === undefined) return [...((previous ?? []) as readonly Code[]), ...codes];
  const near = nearestCode(first);
  throw new InvalidArgumentError(
    `There is no code ${first}. ${near === undefined ? "Run portolan explain for the codes." : `Did you mean ${near}?`}`,
  );
}

function linkBase(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol))
    throw new InvalidArgumentError("Write it as https://HOST/PATH.");
  return url.href;
}
