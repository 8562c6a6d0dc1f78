import { compile } from "../../src/index.ts";
import { sysctlCommand } from "../../src/languages/sysctl.ts";
import { collectedDocument, printDocument } from "../../src/reconcile/live/collected-document.ts";

import { makeNode, makeService, makeSlice } from "./cluster-objects.ts";

/** A Service with a node port and one endpoint, and its EndpointSlice. */
function serviceOf(namespace: string, name: string, last: number): readonly object[] {
  const spec = { type: "NodePort", clusterIP: `10.96.0.${last}`, ports: [{ port: 80, nodePort: 30_080 + last }] };
  return [
    makeService(name, spec, { namespace, labels: { app: name } }),
    makeSlice(name, { endpoints: [`10.244.1.${last}`], namespace, portName: "" }),
  ];
}

const node = makeNode({ address: "192.0.2.1" });

/** shop/web answers on node port 30081, other/api on 30082. */
const twoServices: readonly object[] = [node, ...serviceOf("shop", "web", 1), ...serviceOf("other", "api", 2)];

/** The same as text, edited: one line for each object. */
export function textOfTwo(edit: (text: string) => string = (text) => text): string {
  return edit(twoServices.map((object) => JSON.stringify(object)).join("\n"));
}

function fileOfTwo(file: string): string {
  const { script } = compile(twoServices, { node: "node1" });
  const step = script?.steps.find((one) => one.file === file);
  return step === undefined ? "" : new TextDecoder().decode(step.stdin);
}

/** The rules that node1 has for them. */
export function rulesOfTwo(): string {
  return fileOfTwo("iptables.restore") + fileOfTwo("iptables.jumps");
}

/** What collect writes on node1, with its rules edited. */
export function dumpOfTwo(edit: (rules: string) => string = (rules) => rules): string {
  const texts: Readonly<Partial<Record<string, string>>> = {
    "ip -j addr": JSON.stringify([{ ifname: "eth0", link_type: "ether", addr_info: [{ local: "192.0.2.1" }] }]),
    "iptables --version": "iptables v1.8.9 (nf_tables)\n",
    "iptables-save": edit(rulesOfTwo()),
    [sysctlCommand]: fileOfTwo("sysctl.conf"),
  };
  return printDocument(collectedDocument({ texts, failures: {} }));
}

/** A dump that lacks both node ports. */
export const dumpWithoutNodePorts = (): string => dumpOfTwo((rules) => rules.replace(/^.*--dport 3008\d.*\n/gm, ""));
