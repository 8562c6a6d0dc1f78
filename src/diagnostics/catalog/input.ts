import type { CatalogPart } from "./entry.ts";

export const inputCodes = {
  "input-unreadable": {
    severity: "error",
    message: "cannot read {path}: {reason}",
    explanation: "The file or directory could not be opened or read. Nothing was compiled.",
  },
  "input-empty": {
    severity: "error",
    message: "{path} contains no document",
    explanation:
      "A file named on the command line contains only blanks and comments. That is almost always a mistake (an empty export, a template that rendered to nothing), so Portolan rejects it instead of compiling it to no rules.",
  },
  "input-skipped": {
    severity: "info",
    message: "{path} was not read: {reason}",
    explanation:
      "A directory contains something with the name of a manifest that is no regular file: a named pipe, a device, or a file that the kernel generates, as in /proc. To read it may block or never end. It is read if it is named itself.",
  },
  "input-not-text": {
    severity: "error",
    message: "{path} is not text: {reason}",
    explanation: "Manifests are UTF-8 text. This file contains bytes that are not valid UTF-8.",
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
    explanation: "apiVersion and kind identify the type of an object. Without them it cannot be read.",
  },
  "object-duplicate": {
    severity: "error",
    message: "{object} is defined twice",
    hint: "remove one of the two",
    explanation:
      "The input contains two objects of the same kind, namespace and name, in one file or in several. A cluster can hold only one of them, and Portolan does not guess which.",
  },
  "kind-deprecated-version": {
    severity: "warning",
    message: "{kind} of {version} is ignored; kube-proxy reads {wanted}",
    explanation: "Portolan reads only the API version that kube-proxy 1.36 watches. Convert the object first.",
  },
  "kind-unknown": {
    severity: "warning",
    message: "{version} has no kind {kind}, so the object is ignored",
    explanation:
      "Kinds are case-sensitive and belong to one API group. Objects of kinds that do not affect rules are ignored silently; this one looks like a misspelt kind that Portolan reads.",
  },
  "kustomization-not-built": {
    severity: "warning",
    message: "this is a kustomization, and it is not built",
    hint: "pass -k DIR to run kubectl kustomize",
    explanation:
      "A directory passed with -f is read file by file. Bases, patches, prefixes and generators of a kustomization then have no effect, and resources outside the directory are not read.",
  },
  "no-endpoint-objects": {
    severity: "warning",
    message: "the input has Services, but no EndpointSlice or Endpoints: every Service will reject its traffic",
    hint: "add them to the input (kubectl get services,endpointslices,nodes -A -o yaml), or pass --simulate",
    explanation:
      "kube-proxy takes the endpoints of a Service from its EndpointSlices. Without any, kube-proxy programs a REJECT rule for each service port, and so does Portolan. Manifests from a repository have none: --simulate creates them from the workloads in the input.",
  },
  "mode-not-supported": {
    severity: "error",
    message: "mode {mode} is not supported",
    hint: "pass --mode iptables to compile the same state for kube-proxy's iptables mode",
    explanation: "Portolan compiles the modes iptables, ipvs and nftables of kube-proxy.",
  },
  "object-skipped": {
    severity: "info",
    message: "{object} is skipped because it has errors",
    explanation:
      "With --keep-going, objects with errors are skipped and the rest is compiled. The exit code is still 3.",
  },
  "last-valid-state-kept": {
    severity: "warning",
    message: "{object} keeps its last valid state: the new one has errors",
    explanation:
      "A compiler that watches a cluster keeps the last valid state of an object until the object is valid again. All other objects are updated as usual.",
  },
} as const satisfies CatalogPart;

export const overlayCodes = {
  "overlay-absent-invalid": {
    severity: "error",
    message: 'the annotation portolan/absent must be the string "true", not {got}',
    hint: 'write portolan/absent: "true", with quotes',
    explanation:
      'In an overlay, the annotation portolan/absent: "true" deletes the object of that kind, namespace and name. Annotations are strings: without the quotes YAML reads a boolean, which the API server rejects.',
  },
  "overlay-absent-unknown": {
    severity: "warning",
    message: "the overlay deletes {object}, which does not exist",
    hint: "check its kind, namespace and name",
    explanation:
      "An object of an overlay has the annotation portolan/absent, but the state under the overlay has no object of that kind, namespace and name. It may already be deleted, or its name may be misspelt.",
  },
  "absent-outside-overlay": {
    severity: "warning",
    message: "the annotation portolan/absent has an effect only in an overlay; the object is kept",
    hint: "pass the file with --overlay",
    explanation:
      "The annotation portolan/absent deletes an object of the state under the overlay. In files passed with -f, or as a side of diff, the annotation is ignored.",
  },
  "overlay-endpoints-kept": {
    severity: "warning",
    message: "the overlay changes the {field} of {object}, which keeps its current endpoints",
    hint: "add the new EndpointSlices to the overlay if they matter",
    explanation:
      "A cluster would choose other endpoints for a Service with another selector, port or targetPort. If the state has the Pods of its namespace, Portolan chooses the endpoints from them. Here it does not, so the EndpointSlices of the state are kept unless the overlay has its own.",
  },
  "overlay-endpoints-recomputed": {
    severity: "info",
    message:
      "the overlay changes the selector, port or targetPort of {object}: its endpoints are recomputed from the Pods of the state",
    explanation:
      "With an overlay, a Service may select other pods, or other ports of them, than the EndpointSlices of the state contain. The state has the Pods of its namespace, so the endpoints are chosen from them as the EndpointSlice controller would. Pods of the overlay's own workloads are not included; --simulate creates those.",
  },
} as const satisfies CatalogPart;

/** Faults in a saved plan, which `portolan apply FILE` reads. */
export const planFileCodes = {
  "plan-field-missing": {
    severity: "error",
    message: "the plan has no field {field}",
    hint: "create the plan again with portolan plan --out FILE",
    explanation:
      "A saved plan has exactly the fields of its schema, which portolan schema plan prints. Nothing runs from a plan that lacks one of them.",
  },
  "plan-field-unknown": {
    severity: "error",
    message: "a plan has no field {field}",
    hint: "create the plan again with portolan plan --out FILE",
    explanation:
      "A saved plan has exactly the fields of its schema, which portolan schema plan prints. A field that is not read could say something else than what runs, so the plan is refused.",
  },
  "plan-value-invalid": {
    severity: "error",
    message: "{field} must be {wanted}, not {got}",
    hint: "create the plan again with portolan plan --out FILE",
    explanation:
      "A saved plan has the values of its schema, which portolan schema plan prints. It contains the state to reach and shows the steps. What runs is computed again from the state.",
  },
} as const satisfies CatalogPart;

/** Faults in `.portolan.yaml` and in the variables PORTOLAN_*. */
export const settingsCodes = {
  "settings-not-a-mapping": {
    severity: "error",
    message: "settings must be one mapping of names to values, not {got}",
    hint: "write one setting in each line, such as node: node1",
    explanation:
      "The settings file .portolan.yaml is one YAML document: a mapping from names of settings to their values. portolan schema config prints its schema.",
  },
  "setting-unknown": {
    severity: "error",
    message: "there is no setting {name}",
    hint: "run portolan config to list the settings",
    explanation:
      "The settings file .portolan.yaml has a key that is no setting. It would have no effect, so nothing runs. portolan config lists the settings, and portolan schema config prints the schema of the file, for editors.",
  },
  "setting-wrong-type": {
    severity: "error",
    message: "{name} must be {wanted}, not {got}",
    explanation:
      "The value of a setting in .portolan.yaml has another type than the setting. In YAML, 1.30 is the number 1.3, and true is no text: such values need quotes to be text.",
  },
  "setting-invalid": {
    severity: "error",
    message: "{name} cannot be {got}",
    explanation:
      "The value of a setting in .portolan.yaml is one that the flag of the same name refuses. It is an error for every command, also for one that has no such flag.",
  },
  "setting-variable-invalid": {
    severity: "error",
    message: "{variable} cannot be {got}",
    explanation:
      "A variable of the environment has a value that the flag of the same name refuses: PORTOLAN_MODE is --mode. It is an error for every command, also for one that has no such flag. An empty variable counts as absent.",
  },
  "settings-untrusted": {
    severity: "error",
    message: "{path} cannot be trusted: {reason}",
    hint: "set PORTOLAN_CONFIG to its path to use it, or to /dev/null to use none",
    explanation:
      "A .portolan.yaml that was found in a directory above may have been put there by another user. Its owner must be this user, root, the user behind sudo, or, for commands that neither change a host nor compare with it, the owner of the working directory. For plan, apply, verify, watch and the like it must also not be writable for every user.",
  },
} as const satisfies CatalogPart;
