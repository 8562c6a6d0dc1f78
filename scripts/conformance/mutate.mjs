import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, parseAllDocuments, stringify } from "yaml";
import { configurationMutations } from "./mutations/configuration.mjs";
import { hostMutations } from "./mutations/hosts.mjs";
import { ipvsMutations } from "./mutations/ipvs.mjs";
import { serviceMutations } from "./mutations/services.mjs";
import { largeClusterMutations, sliceMutations } from "./mutations/slices.mjs";
import { createRandom } from "./random.mjs";
import { dropSharedAddresses } from "./shared-addresses.mjs";

const inputMutations = {
  "documents in another order": (state, random) => {
    state.documents = random.shuffled(state.documents);
  },
  "documents in a List": (state) => {
    state.documents = [{ apiVersion: "v1", kind: "List", items: state.documents }];
  },
};

const inAnyMode = [serviceMutations, sliceMutations, hostMutations, configurationMutations];
const mutationsOf = { iptables: [...inAnyMode, largeClusterMutations], ipvs: [...inAnyMode, ipvsMutations] };

/** Changes a case, in place, in ways the oracle's generator does not: what older clusters and odd hosts hold. */
export function mutateCase(folder, mode, seed) {
  const random = createRandom(seed);
  const state = readState(folder);
  state.configuration.mode = mode;
  const groups = mutationsOf[mode].map(Object.entries);
  const picked = Array.from({ length: 1 + random.below(4) }, () => random.pick(random.pick(groups)));
  const chosen = new Set([...picked, ...random.some(Object.entries(inputMutations), 0.2)].map(([name]) => name));
  const mutations = [...groups.flat(), ...Object.entries(inputMutations)].filter(([name]) => chosen.has(name));
  for (const [, mutate] of mutations) mutate(state, random);
  if (mode === "ipvs") dropSharedAddresses(state);
  writeState(folder, state, [...chosen]);
}

function readState(folder) {
  const read = (name) => readFileSync(join(folder, name), "utf8");
  const documents = parseAllDocuments(read("cluster.yaml")).map((document) => document.toJS());
  return {
    documents,
    services: documents.filter(({ kind }) => kind === "Service"),
    slices: documents.filter(({ kind }) => kind === "EndpointSlice"),
    node: documents.find(({ kind }) => kind === "Node"),
    configuration: parse(read("kube-proxy.yaml")),
    about: parse(read("case.yaml")),
  };
}

function writeState(folder, { documents, configuration, about }, names) {
  // As YAML 1.1, which is what Kubernetes reads: words such as `on` are quoted.
  const print = (value) => stringify(value, { version: "1.1", lineWidth: 0, aliasDuplicateObjects: false });
  const write = (name, text) => writeFileSync(join(folder, name), text);
  write("cluster.yaml", documents.map(print).join("---\n"));
  write("kube-proxy.yaml", print(configuration));
  write("case.yaml", print({ ...about, title: `${about.title}; changed: ${names.join(", ")}` }));
}
