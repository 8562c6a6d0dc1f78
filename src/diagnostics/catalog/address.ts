import type { CatalogPart } from "./entry.ts";

export const addressCodes = {
  "ip-invalid": {
    severity: "error",
    message: "{value} is not an IP address",
    hint: "write an IPv4 address such as 10.96.0.10 or an IPv6 address such as fd00::10",
    explanation:
      "No Kubernetes API server stores this value as an IP address. Typical causes: too few or too many octets, an octet above 255, an address with a zone or a prefix length, or a host name.",
  },
  "ip-special": {
    severity: "error",
    message: "{value} is {range}, which is not allowed in this field",
    explanation:
      "Endpoints and external IPs may not be unspecified, loopback, link-local or link-local multicast addresses: the API server rejects them (ValidateEndpointIP), because traffic to them would never leave the node or never arrive.",
  },
  "ip-not-canonical": {
    severity: "warning",
    message: "{value} is an unusual spelling of {canonical}; kube-proxy uses {canonical}",
    hint: "write the canonical form: other software may parse this spelling as a different address",
    explanation:
      "Leading zeros in IPv4 octets (010.0.0.1), IPv4-mapped IPv6 (::ffff:10.0.0.1) and long IPv6 spellings were accepted by older API servers and may still be stored. kube-proxy reads leading zeros as decimal and mapped addresses as IPv4, and prints the canonical form into its rules; so does Portolan.",
  },
  "ip-wrong-family": {
    severity: "error",
    message: "{value} is an {got} address, but this field needs {wanted}",
    explanation:
      "The address does not belong to the IP family that the field itself, addressType or ipFamilies requires. The API server rejects the object.",
  },
  "cidr-invalid": {
    severity: "error",
    message: "{value} is not a network in CIDR notation",
    hint: "write an address and a prefix length, such as 10.0.0.0/8 or fd00::/48",
    explanation: "A network is an address, a slash and a prefix length. The API server rejects anything else.",
  },
  "cidr-not-canonical": {
    severity: "warning",
    message: "{value} is read as {canonical}",
    explanation:
      "The range has bits set beyond its prefix length, leading zeros or blanks around it. Older API servers stored such values; kube-proxy trims and masks them, and uses the range in the message.",
  },
  "field-unknown": {
    severity: "warning",
    message: "unknown field {field}, which has no effect",
    explanation:
      "No version of this API has a field of this name. The API server drops it, or rejects it with strict validation; kube-proxy never sees it. Usually the name is misspelt or the field is at the wrong level.",
  },
  "field-wrong-type": {
    severity: "error",
    message: "{field} must be {wanted}, not {got}",
    explanation:
      'The value does not have the type of the field, so the API server could not decode the object. In YAML, 80 is a number and "80" is text; on, yes and y are true.',
  },
  "value-not-supported": {
    severity: "error",
    message: "{field} must be one of {wanted}, not {got}",
    explanation: "The field takes one of a fixed set of values; case matters.",
  },
  "label-invalid": {
    severity: "error",
    message: "{got} is not a valid {what}",
    explanation:
      "Keys of labels and annotations are names of at most 63 letters, digits, '-', '_' and '.', optionally prefixed by a DNS name and a slash. Label values follow the same rules without the prefix, or are empty. The API server rejects others.",
  },
  "qualified-name-invalid": {
    severity: "error",
    message: "{field} must be a name such as http or example.com/name, not {got}",
    explanation:
      "The field holds a qualified name: at most 63 letters, digits, '-', '_' and '.', optionally prefixed by a DNS name and a slash. The API server rejects other text.",
  },
  "object-without-name": {
    severity: "error",
    message: "the object has no metadata.name",
    explanation:
      "Every object needs a name. Objects with metadata.generateName get one only when a cluster stores them.",
  },
  "name-invalid": {
    severity: "error",
    message: '"{name}" is not a valid name: {shape}',
    explanation:
      "Names become DNS labels, and kube-proxy writes them into the comments of its rules. The API server rejects names with other characters, and Portolan never writes text that could end a comment early.",
  },
  "namespace-invalid": {
    severity: "error",
    message: "{name} is not a valid namespace: lower-case letters, digits and '-', at most 63",
    explanation: "A namespace is an RFC 1123 label.",
  },
} as const satisfies CatalogPart;
