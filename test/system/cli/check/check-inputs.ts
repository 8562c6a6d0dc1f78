import { node, service, slice } from "../../../harness/cluster-text.ts";
import { type CliResult, runCli, workspace } from "../../../harness/run-cli.ts";

/** One Service with external IPs, which are deprecated; then with no ready endpoint either. */
export const withIps = [node, `${service}  externalIPs: [203.0.113.9]\n`, slice].join("---\n");
export const faulty = withIps.replace("nodeName: node1", "conditions: {ready: false}");
/** Its second rule is never reached. */
export const rules =
  "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j ACCEPT\n[3:120] -A INPUT -s 10.0.0.1/32 -j DROP\nCOMMIT\n";

/** Runs `check` in a directory with these files. */
export const check = (args: readonly string[], files: Readonly<Record<string, string>>): Promise<CliResult> =>
  runCli(["check", ...args], { cwd: workspace(files) });
