import type { CatalogPart } from "./entry.ts";

export const addressCodes = {
  "ip-invalid": {
    severity: "error",
    message: "{value} is not an IP address",
    hint: "write an IPv4 address such as 10.96.0.10 or an IPv6 address such as fd00::10",
    explanation:
      "The field holds something that no Kubernetes API server would store as an IP address: too few or too many octets, an octet above 255, an address with a zone or a prefix length, a host name.",
  },
  "ip-special": {
    severity: "error",
    message: "{value} is {range}, which this field may not hold",
    explanation:
      "Endpoints and external IPs may not be unspecified, loopback, link-local or link-local multicast addresses: the API server refuses them (ValidateEndpointIP), because traffic to them would never leave the node or never arrive.",
  },
  "ip-not-canonical": {
    severity: "warning",
    message: "{value} is an unusual spelling of {canonical}; kube-proxy uses the latter",
    hint: "write the canonical form: other software may read this spelling as another address",
    explanation:
      "Leading zeros in IPv4 octets (010.0.0.1), IPv4-mapped IPv6 (::ffff:10.0.0.1) and long IPv6 spellings were accepted by older API servers and may still be stored. kube-proxy reads leading zeros as decimal and mapped addresses as IPv4, and prints the canonical form into its rules; so does Portolan.",
  },
  "ip-wrong-family": {
    severity: "error",
    message: "{value} is an {got} address, but {wanted} is wanted here",
    explanation:
      "The address belongs to the other IP family than the field or its neighbour (addressType, ipFamilies) says. The API server refuses such an object.",
  },
  "cidr-invalid": {
    severity: "error",
    message: "{value} is not a network in CIDR notation",
    hint: "write an address and a prefix length, such as 10.0.0.0/8 or fd00::/48",
    explanation:
      "A network is an address, a slash and the number of leading bits that count. The API server refuses anything else.",
  },
  "cidr-not-canonical": {
    severity: "warning",
    message: "{value} is read as {canonical}",
    explanation:
      "The range has bits set beyond its prefix length, leading zeros or blanks around it. Older API servers stored such values; kube-proxy trims and masks them, and uses what the message names.",
  },
  "field-unknown": {
    severity: "warning",
    message: "unknown field {field}, which has no effect",
    explanation:
      "No version of this API has a field of this name. The API server drops it (or refuses it, with strict validation); kube-proxy never sees it. Most often it is misspelt or stands at the wrong level.",
  },
  "field-wrong-type": {
    severity: "error",
    message: "{field} must be {wanted}, not {got}",
    explanation:
      'The value\'s type is not that of the field, so the API server could not decode the object. In YAML, 80 is a number and "80" is text; on, yes and y are true.',
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
      "Keys of labels and annotations are names of at most 63 letters, digits, '-', '_' and '.', perhaps after a DNS name and a slash. Values of labels look like such names, or are empty. The API server refuses others.",
  },
  "qualified-name-invalid": {
    severity: "error",
    message: "{field} must be a name such as http or example.com/name, not {got}",
    explanation:
      "The field holds a qualified name: at most 63 letters, digits, '-', '_' and '.', perhaps after a DNS name and a slash. The API server refuses other text.",
  },
  "object-without-name": {
    severity: "error",
    message: "the object has no metadata.name",
    explanation:
      "Every object needs a name. Objects with metadata.generateName get one only when a cluster stores them.",
  },
  "name-invalid": {
    severity: "error",
    message: "{name} is not a valid name here: {shape}",
    explanation:
      "Names become DNS labels, and kube-proxy writes them into the comments of its rules. The API server refuses names with other characters, and Portolan never writes text that could break out of a comment.",
  },
  "namespace-invalid": {
    severity: "error",
    message: "{name} is not a valid namespace: lower-case letters, digits and '-', at most 63",
    explanation: "A namespace is an RFC 1123 label.",
  },
} as const satisfies CatalogPart;
