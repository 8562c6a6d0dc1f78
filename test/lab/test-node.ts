import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { firstState, secondState } from "./apply-states.ts";
import { rulesIn, withoutCounts } from "./loaded-rules.ts";
import { type NodeNamespace, openNamespace, type Ran, type RunOptions } from "./namespace.ts";
import type { Backend } from "./needs.ts";

/** Rules as Docker, ufw and a CNI leave them, some of them before ours, some after. */
const foreignRules = `*mangle
:KUBE-KUBELET-CANARY - [0:0]
COMMIT
*filter
:DOCKER-USER - [0:0]
:ufw-before-input - [0:0]
:CNI-FORWARD - [0:0]
-A INPUT -j ufw-before-input
-A FORWARD -j DOCKER-USER
-A FORWARD -m comment --comment "CNI firewall plugin rules" -j CNI-FORWARD
-A ufw-before-input -p icmp -m icmp --icmp-type 8 -j ACCEPT
-A DOCKER-USER -j RETURN
-A CNI-FORWARD -d 172.17.0.2/32 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
COMMIT
*nat
:DOCKER - [0:0]
:CNI-HOSTPORT-DNAT - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8443 -j DNAT --to-destination 172.17.0.2:443
COMMIT
`;

/** A node with rules of others on it, the states first.json and second.json, and what tests ask of it. */
export interface TestNode extends NodeNamespace {
  readonly file: (name: string) => string;
  /** A command with `-f STATE.json`, if a state is named; backups go to the node's own folder. */
  readonly command: (name: string, state?: string, flags?: readonly string[], options?: RunOptions) => Ran;
  readonly apply: (state: string, flags?: readonly string[], options?: RunOptions) => Ran;
  /** The rules of all chains and the setting that goes with them. */
  readonly saved: () => { readonly rules: ReturnType<typeof rulesIn>; readonly sysctl: string };
  /** Line for line, in order; ours left out. */
  readonly foreignLines: () => readonly string[];
}

export async function openTestNode(backend: Backend): Promise<TestNode> {
  const node = await openNamespace(backend);
  const file = (name: string) => join(node.folder, name);
  writeFileSync(file("first.json"), firstState);
  writeFileSync(file("second.json"), secondState);
  expect(node.run(["iptables-restore", "--noflush"], { input: foreignRules }).stderr).toBe("");
  const command: TestNode["command"] = (name, state, flags = [], options) => {
    const stateFlags = state === undefined ? [] : ["-f", file(`${state}.json`)];
    const backupFlags = ["apply", "cleanup"].includes(name) ? ["--backup-dir", file("backups")] : [];
    return node.portolan([name, ...stateFlags, ...flags, ...backupFlags], options);
  };
  return {
    ...node,
    file,
    command,
    apply: (state, flags, options) => command("apply", state, flags, options),
    saved: () => {
      const text = ["iptables-save", "ip6tables-save"].map((tool) => node.run([tool]).stdout).join("");
      return { rules: rulesIn(text), sysctl: node.run(["sysctl", "net.ipv4.conf.all.route_localnet"]).stdout };
    },
    foreignLines: () =>
      withoutCounts(node.run(["iptables-save"]).stdout)
        .split("\n")
        .filter((line) => !/KUBE-(?!KUBELET)/.test(line)),
  };
}

export function stepsOf({ stdout }: Ran): readonly { readonly purpose: string }[] {
  return JSON.parse(stdout).steps;
}

export const cliPath = new URL("../../dist/cli/portolan.js", import.meta.url).pathname;
