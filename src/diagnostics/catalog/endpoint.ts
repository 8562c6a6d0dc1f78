import type { CatalogPart } from "./entry.ts";

export const endpointCodes = {
  "slice-address-type-missing": {
    severity: "error",
    message: "the EndpointSlice has no addressType",
    explanation: "addressType (IPv4, IPv6 or FQDN) is required, and all addresses of a slice are of that type.",
  },
  "slice-too-large": {
    severity: "error",
    message: "the EndpointSlice has {got} {what}, more than the {limit} that are allowed",
    explanation: "An EndpointSlice holds at most 1,000 endpoints of at most 100 addresses, and 20,000 ports.",
  },
  "slice-port-duplicate": {
    severity: "error",
    message: "two ports of the EndpointSlice are called {name}",
    explanation: "Ports of a slice are matched to service ports by name, so each name may stand once.",
  },
  "slice-port-without-number": {
    severity: "warning",
    message: "the port has no number: kube-proxy leaves it out",
    explanation:
      "In a slice a port without a number, or 0, means all ports, which kube-proxy does not implement: no endpoint comes of it.",
  },
  "slice-without-service": {
    severity: "warning",
    message: "the EndpointSlice has no label kubernetes.io/service-name: kube-proxy ignores it",
    explanation: "The label says which Service a slice belongs to. Without it the slice belongs to none.",
  },
  "slice-of-unknown-service": {
    severity: "warning",
    message: "there is no Service {service} for these endpoints: they are ignored",
    explanation:
      "The Service that the slice is labelled with is not in the input. kube-proxy keeps such endpoints aside and makes no rules for them.",
  },
  "slice-fqdn-ignored": {
    severity: "warning",
    message: "addressType FQDN makes no rules: kube-proxy ignores the EndpointSlice",
    explanation: "iptables and IPVS know addresses, not names.",
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
      "the label service.kubernetes.io/headless hides these endpoints from kube-proxy, but Service {service} is not headless",
    explanation:
      "kube-proxy does not watch slices with this label, whatever its value. The endpoint controllers set it for headless Services.",
  },
  "slice-port-unmatched": {
    severity: "warning",
    message: "Service {service} has no port {port}: kube-proxy ignores this port of the EndpointSlice",
    hint: "name and protocol must both be equal to those of a port of the Service",
    explanation:
      "A slice's port belongs to the service port of the same name and protocol. targetPort plays no part: the slice's number is used.",
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
    message: "no slices are made of these Endpoints, by their {mark}",
    explanation:
      'kube-proxy reads EndpointSlices. A controller mirrors Endpoints into slices, but not those with the label endpointslice.kubernetes.io/skip-mirror: "true" or with the annotation of a leader election.',
  },
  "endpoints-over-capacity": {
    severity: "warning",
    message: "more than {most} addresses in a subset: the others are left out",
    explanation:
      "The controller that mirrors Endpoints into EndpointSlices takes a thousand addresses of each subset, ready ones first, unless its flag --mirroring-max-endpoints-per-subset says otherwise. Which ones hangs on a hash there; here they are the first.",
  },
  "endpoints-port-unnamed": {
    severity: "error",
    message: "Endpoints with several ports need a name for each",
    explanation:
      "A port of Endpoints belongs to the service port of the same name, so with several each needs its own.",
  },
  "endpoint-hint-duplicate": {
    severity: "error",
    message: "the {what} {name} stands twice in a hint",
    explanation: "A hint names each zone or node once; the API server refuses another.",
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
      "Node names are RFC 1123 subdomains and zones are label values; the API server refuses others in a slice.",
  },
  "endpoint-conflict": {
    severity: "warning",
    message: "endpoint {endpoint} of {service} is given twice with different conditions",
    explanation:
      "The same address and port stand in two slices with different conditions. kube-proxy merges them in the random order of a Go map; Portolan takes the slices in name order, where a later entry replaces an earlier one unless it is terminating.",
  },
} as const satisfies CatalogPart;
