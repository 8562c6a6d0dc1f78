import { at, type Place } from "../../diagnostics/place.ts";
import type { Family } from "../address.ts";
import {
  booleanField,
  checkKnownFields,
  type Fields,
  integerField,
  listField,
  placeOf,
  recordField,
  recordsField,
  textField,
  textsField,
} from "../fields/fields.ts";

/**
 * `kind: HostPortConfiguration` of portolan/v1alpha1: what decides the rules for host ports and is not in the API: the
 * CNI network of the node, and its portmap plugin.
 */
export interface HostPortConfiguration {
  /** The name of the CNI network, as in the node's /etc/cni/net.d. */
  readonly network: string;
  readonly plugin: PortmapPlugin;
  /** The length of a pod's address in the result of the network's own plugin; undefined: the node's pod range. */
  readonly podPrefix: Readonly<Partial<Record<Family, number>>>;
  /** The host's interface towards its pods. */
  readonly podInterface: string;
  readonly place: Place | undefined;
}

/** The portmap plugin's entry in the network's configuration list, with its defaults. */
export interface PortmapPlugin {
  /** `capabilities: {portMappings: true}`: without it the runtime hands over no ports. */
  readonly getsPortMappings: boolean;
  readonly backend: string;
  /** Masquerade what needs it to be answered. */
  readonly snat: boolean;
  /** Masquerade everything. */
  readonly masqAll: boolean;
  /** Undefined: 13. */
  readonly markMasqBit: number | undefined;
  readonly externalSetMarkChain: string | undefined;
  /** Words of a rule that every entry rule has as well. */
  readonly conditions: Readonly<Record<Family, readonly string[]>>;
  readonly place: Place | undefined;
}

const defaultPlugin: PortmapPlugin = {
  getsPortMappings: true,
  backend: "iptables",
  snat: true,
  masqAll: false,
  markMasqBit: undefined,
  externalSetMarkChain: undefined,
  conditions: { ipv4: [], ipv6: [] },
  place: undefined,
};

/** What a node has that nothing says anything about: the names that most networks use. */
export const defaultHostPortConfiguration: HostPortConfiguration = {
  network: "k8s-pod-network",
  plugin: defaultPlugin,
  podPrefix: {},
  podInterface: "cni0",
  place: undefined,
};

const documentFields = new Set(["apiVersion", "kind", "metadata", "network", "plugin", "podPrefix", "podInterface"]);

/** Reads our own document. */
export function parseHostPortConfiguration(fields: Fields): HostPortConfiguration {
  checkKnownFields(fields, documentFields);
  const plugin = recordField(fields, "plugin");
  const podInterface = textField(fields, "podInterface") ?? defaultHostPortConfiguration.podInterface;
  if (!/^[^\s/]{1,15}$/.test(podInterface))
    fields.report("cni-config-invalid", placeOf(fields, "podInterface"), {
      problem: "podInterface is no name of an interface: 1 to 15 characters without blanks and slashes",
    });
  return {
    network: parseNetwork(fields, "network") ?? defaultHostPortConfiguration.network,
    plugin: plugin === undefined ? defaultPlugin : parsePlugin(plugin),
    podPrefix: parsePodPrefix(fields),
    podInterface,
    place: fields.place,
  };
}

/** Reads what stands in /etc/cni/net.d: a configuration list with a portmap plugin, or that plugin's entry alone. */
export function parseCniConfig(fields: Fields): HostPortConfiguration {
  if (fields.value.plugins === undefined) {
    const type = textField(fields, "type");
    if (type !== "portmap")
      fields.report("cni-config-invalid", fields.place, {
        problem: "neither a configuration list with plugins nor an entry with type: portmap",
      });
    return {
      ...defaultHostPortConfiguration,
      network: parseNetwork(fields, "name") ?? defaultHostPortConfiguration.network,
      plugin: parsePlugin(fields),
      place: fields.place,
    };
  }
  const plugins = recordsField(fields, "plugins");
  const portmap = plugins.find(({ value }) => value.type === "portmap");
  if (portmap === undefined)
    fields.report("cni-config-invalid", placeOf(fields, "plugins"), { problem: "no plugin of the list is portmap" });
  const network = parseNetwork(fields, "name");
  if (network === undefined)
    fields.report("cni-config-invalid", fields.place, { problem: "the configuration list has no name" });
  return {
    ...defaultHostPortConfiguration,
    network: network ?? defaultHostPortConfiguration.network,
    plugin: portmap === undefined ? defaultPlugin : parsePlugin(portmap),
    place: fields.place,
  };
}

/** libcni checks the name so (ValidateNetworkName). */
function parseNetwork(fields: Fields, key: string): string | undefined {
  const name = textField(fields, key);
  if (name !== undefined && !/^[a-zA-Z0-9][\w.-]*$/.test(name))
    fields.report("cni-config-invalid", placeOf(fields, key), {
      problem: "the network's name has characters other than letters, digits, '_', '.' and '-'",
    });
  return name;
}

/** Options of the plugin that are right for themselves: which of them exclude each other is decided with the ports. */
function parsePlugin(fields: Fields): PortmapPlugin {
  const capabilities = recordField(fields, "capabilities");
  const chain = textField(fields, "externalSetMarkChain");
  if (chain !== undefined && !/^[\w.:+-]{1,28}$/.test(chain))
    fields.report("cni-config-invalid", placeOf(fields, "externalSetMarkChain"), {
      problem: "externalSetMarkChain is no name of a chain: 1 to 28 characters without blanks",
    });
  return {
    getsPortMappings: (capabilities && booleanField(capabilities, "portMappings")) ?? false,
    backend: textField(fields, "backend") ?? defaultPlugin.backend,
    snat: booleanField(fields, "snat") ?? defaultPlugin.snat,
    masqAll: booleanField(fields, "masqAll") ?? defaultPlugin.masqAll,
    markMasqBit: integerField(fields, "markMasqBit"),
    externalSetMarkChain: chain,
    conditions: { ipv4: parseConditions(fields, "conditionsV4"), ipv6: parseConditions(fields, "conditionsV6") },
    place: fields.place,
  };
}

/** Words that would end a line or a statement are no conditions. */
function parseConditions(fields: Fields, key: string): readonly string[] {
  return textsField(fields, key).map(({ value, place }) => {
    if (!/^[\x20-\x7e]+$/.test(value) || /[;#]/.test(value))
      fields.report("cni-config-invalid", place, {
        problem: "a condition is one word of a rule: printable ASCII without ';' and '#'",
      });
    return value;
  });
}

function parsePodPrefix(fields: Fields): HostPortConfiguration["podPrefix"] {
  const place = placeOf(fields, "podPrefix");
  const [ipv4, ipv6] = listField(fields, "podPrefix").map((value, index) => {
    const most = index === 0 ? 32 : 128;
    if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= most) return value;
    fields.report("cni-config-invalid", at(place, index), {
      problem: `a prefix length of IPv${index === 0 ? 4 : 6} is a whole number of at most ${most}`,
    });
    return undefined;
  });
  return { ...(ipv4 === undefined ? {} : { ipv4 }), ...(ipv6 === undefined ? {} : { ipv6 }) };
}
