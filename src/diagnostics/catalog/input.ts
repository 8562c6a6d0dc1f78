import type { CatalogPart } from "./entry.ts";

export const inputCodes = {
  "input-unreadable": {
    severity: "error",
    message: "cannot read {path}: {reason}",
    explanation: "The file or directory could not be opened or read. Nothing was compiled.",
  },
  "input-empty": {
    severity: "error",
    message: "{path} holds no document",
    explanation:
      "A file named on the command line has nothing in it but blanks and comments. That is almost always a mistake (an empty export, a template that rendered to nothing), so it is refused rather than compiled to no rules.",
  },
  "input-not-text": {
    severity: "error",
    message: "{path} is not text: {reason}",
    explanation: "Manifests are UTF-8 text. This file holds bytes that are not.",
  },
  "syntax-invalid": {
    severity: "error",
    message: "{problem}",
    explanation:
      "The file is neither valid YAML nor valid JSON at this place: an unclosed bracket or quote, a tab used for indentation, a duplicate key, a document that ends too early. In JSON the last of two equal keys wins, as JSON.parse reads it; in YAML they are an error.",
  },
  "document-not-a-mapping": {
    severity: "error",
    message: "a document must be a mapping with apiVersion and kind, not {got}",
    explanation: "Every Kubernetes document is a mapping. This one is a list, text or a number.",
  },
  "document-without-kind": {
    severity: "error",
    message: "the document has no {field}",
    explanation: "apiVersion and kind say what an object is; without them nothing can be known about it.",
  },
  "object-duplicate": {
    severity: "error",
    message: "{object} is given twice",
    hint: "remove one of the two",
    explanation:
      "The same kind, namespace and name stands twice in the input, in one file or in several. A cluster holds one of them; which one, Portolan cannot know.",
  },
  "kind-deprecated-version": {
    severity: "warning",
    message: "{kind} of {version} is not read; kube-proxy reads {wanted}",
    explanation: "Only the API version that kube-proxy 1.36 watches is read. Convert the object first.",
  },
  "kind-unknown": {
    severity: "warning",
    message: "{version} has no kind {kind}, so the object is passed over",
    explanation:
      "Kinds are spelled with their capital letters and belong to one API group. Objects of kinds that rules do not hang on are passed over without a word; this one looks as if it were meant to be read.",
  },
  "kustomization-not-built": {
    severity: "warning",
    message: "this is a kustomization, and what it names and changes is not built",
    hint: "-k DIR runs kubectl kustomize",
    explanation:
      "A directory given with -f is read file by file. Bases, patches, prefixes and generators of a kustomization have no effect then, and resources outside the directory are not read.",
  },
  "no-endpoint-objects": {
    severity: "warning",
    message: "there are Services, but not one EndpointSlice or Endpoints: every Service will reject its traffic",
    hint: "add them to the input (kubectl get services,endpointslices,nodes -A -o yaml), or say --simulate",
    explanation:
      "kube-proxy takes the endpoints of a Service from its EndpointSlices. Without any, each service port is compiled to a REJECT rule, as kube-proxy would. Manifests from a repository have none: --simulate makes them of the workloads beside them.",
  },
  "mode-not-supported": {
    severity: "error",
    message: "mode {mode} is not supported yet",
    hint: "--mode iptables compiles the same state for kube-proxy's iptables mode",
    explanation: "Portolan compiles the iptables mode today.",
  },
  "object-left-out": {
    severity: "info",
    message: "{object} is left out, because of its errors",
    explanation:
      "With --keep-going, objects with errors are left out and the rest is compiled. The exit code is still 3.",
  },
  "object-kept": {
    severity: "warning",
    message: "{object} stays as it was before, because of the errors of its new state",
    explanation:
      "A compiler that follows a cluster keeps the last state of an object that was without errors until a better one comes. All other objects go on.",
  },
} as const satisfies CatalogPart;
