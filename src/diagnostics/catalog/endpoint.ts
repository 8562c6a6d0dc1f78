import type { CatalogPart } from "./entry.ts";

export const endpointCodes = {
  "slice-address-type-missing": {
    severity: "error",
    message: "the EndpointSlice has no addressType",
    explanation: "addressType (IPv4, IPv6 or FQDN) is required, and all addresses of a slice are of that type.",
  },
  "slice-too-large": {
    severity: "error",
    message: "the EndpointSlice has {got} {what}, but the limit is {limit}",
    explanation: "An EndpointSlice holds at most 1,000 endpoints of at most 100 addresses, and 20,000 ports.",
  },
  "slice-port-duplicate": {
    severity: "error",
    message: "two ports of the EndpointSlice have the name {name}",
    explanation: "Ports of a slice are matched to service ports by name, so names must be unique.",
  },
  "slice-port-without-number": {
    severity: "warning",
    message: "the port has no number: kube-proxy ignores it",
    explanation:
      "In a slice a port without a number, or with 0, means all ports. kube-proxy does not implement this and creates no endpoint for it.",
  },
  "slice-without-service": {
    severity: "warning",
    message: "the EndpointSlice has no label kubernetes.io/service-name: kube-proxy ignores it",
    explanation: "The label names the Service that a slice belongs to. A slice without it belongs to no Service.",
  },
  "slice-of-unknown-service": {
    severity: "warning",
    message: "Service {service} does not exist: its endpoints are ignored",
    explanation:
      "The Service that the slice's label names is not in the input. kube-proxy programs no rules for these endpoints.",
  },
  "slice-fqdn-ignored": {
    severity: "warning",
    message: "addressType is FQDN: kube-proxy ignores the EndpointSlice",
    explanation: "Rules of iptables and IPVS need IP addresses, not names.",
  },
  "slice-family-unused": {
    severity: "warning",
    message: "the Service has no {family} cluster IP: kube-proxy ignores these endpoints",
    explanation:
      "Endpoints are used by the proxier of their own family, and only for Services with a cluster IP of that family.",
  },
  "slice-headless-ignored": {
    severity: "warning",
    message:
      "kube-proxy ignores these endpoints because of the label service.kubernetes.io/headless, but Service {service} is not headless",
    explanation:
      "kube-proxy does not watch slices with this label, whatever its value. The endpoint controllers set it for headless Services.",
  },
  "slice-port-unmatched": {
    severity: "warning",
    message: "Service {service} has no port {port}: kube-proxy ignores this port of the EndpointSlice",
    hint: "use the name and protocol of a port of the Service",
    explanation:
      "A slice's port belongs to the service port of the same name and protocol. targetPort is not used: kube-proxy takes the port number from the slice.",
  },
  "endpoint-without-address": {
    severity: "error",
    message: "the endpoint has no address",
    explanation: "Every endpoint has at least one address.",
  },
  "subset-without-address": {
    severity: "error",
    message: "the subset has neither addresses nor notReadyAddresses",
    explanation: "Every subset of an Endpoints object has at least one address, ready or not.",
  },
  "endpoints-not-mirrored": {
    severity: "warning",
    message: "these Endpoints are not mirrored into EndpointSlices because of their {mark}",
    explanation:
      'kube-proxy reads EndpointSlices. A controller mirrors Endpoints into slices, but not those with the label endpointslice.kubernetes.io/skip-mirror: "true" or with the annotation of a leader election.',
  },
  "endpoints-over-capacity": {
    severity: "warning",
    message: "more than {most} addresses in a subset: the others are ignored",
    explanation:
      "The controller that mirrors Endpoints into EndpointSlices takes at most 1,000 addresses of each subset, ready ones first; its flag --mirroring-max-endpoints-per-subset sets another limit. The controller picks them by a hash; Portolan takes the first.",
  },
  "endpoints-port-unnamed": {
    severity: "error",
    message: "Endpoints with several ports need a name for each",
    explanation:
      "A port of Endpoints belongs to the service port of the same name, so several ports need unique names.",
  },
  "endpoint-hint-duplicate": {
    severity: "error",
    message: "a hint names the {what} {name} twice",
    explanation: "A hint must name each zone or node once. The API server rejects duplicates.",
  },
  "endpoint-extra-addresses": {
    severity: "warning",
    message: "the endpoint has {count} addresses: kube-proxy uses only the first",
    explanation:
      "Consumers of EndpointSlices use the first address; a pod with two addresses of one family is not spread over both.",
  },
  "endpoint-name-invalid": {
    severity: "error",
    message: "{name} is not a valid {what}",
    explanation:
      "Node names are RFC 1123 subdomains and zones are label values; the API server rejects other values in a slice.",
  },
  "endpoint-conflict": {
    severity: "warning",
    message: "endpoint {endpoint} of {service} is listed twice with different conditions",
    explanation:
      "Two slices list the same address and port with different conditions. kube-proxy merges them in the random order of a Go map; Portolan takes the slices in name order, where a later entry replaces an earlier one unless it is terminating.",
  },
} as const satisfies CatalogPart;
