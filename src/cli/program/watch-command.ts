import { Command, InvalidArgumentError, Option } from "commander";
import { parseBindAddress } from "../../app/watch/start-servers.ts";
import type { WatchFlags } from "../commands/watch.ts";
import { addLiveOptions } from "./live-flags.ts";
import { duration } from "./option-values.ts";
import { addNodeOptions, colorOption, filenameOption, overlayOption, proxyConfigOption } from "./state-flags.ts";

/** `portolan watch`. Its action loads what it needs. */
export function watchCommand(name: string, finish: (exitCode: number) => void): Command {
  const command = new Command("watch")
    .summary("keep this host in sync with a running cluster, or report drift")
    .description(
      "Watches the Services, EndpointSlices, Nodes and kube-proxy configuration of a running cluster. --apply keeps " +
        "the rules of this host in sync with them, as kube-proxy does; --verify changes nothing and reports how the " +
        "host differs. Events are logged to stdout as JSON lines until SIGTERM or SIGINT.",
    );
  for (const option of [filenameOption(), new Option("-R, --recursive"), overlayOption()]) {
    // Known only to be refused with a reason.
    command.addOption(option.hideHelp());
  }
  addNodeOptions(addLiveOptions(command)).addOption(proxyConfigOption());
  return addWatchOptions(command)
    .addOption(colorOption())
    .addHelpText("after", examples(name))
    .action(async (flags: WatchFlags) => {
      const { runWatch } = await import("../commands/watch.ts");
      finish(await runWatch(flags));
    });
}

function addWatchOptions(command: Command): Command {
  const period = (flags: string, description: string, usual: number, shown: string): Option =>
    new Option(flags, description).argParser(duration).default(usual, shown);
  return command
    .addOption(
      new Option("--verify", "report how this host differs after every change; never change it").conflicts("apply"),
    )
    .option("--apply", "change this host; refused while kube-proxy runs here")
    .addOption(period("--min-sync-period <time>", "changes within this period are synced together", 1000, "1s"))
    .addOption(period("--sync-period <time>", "how often the whole host is read and compared", 30_000, "30s"))
    .option("--backup-dir <dir>", "where to save a backup of the state before the first change", "/var/lib/portolan")
    .option("--replace-kube-proxy", "continue although kube-proxy runs here; stop it soon, or it undoes the changes")
    .addOption(
      bind(
        "--metrics-bind-address <address>",
        "serve /metrics on this address, such as 127.0.0.1:10249 (default: off)",
      ),
    )
    .addOption(
      bind(
        "--healthz-bind-address <address>",
        "serve /healthz and /livez on this address, such as :10256 (default: off)",
      ),
    );
}

function bind(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text) => {
    if (parseBindAddress(text) === undefined) {
      throw new InvalidArgumentError("Write it as ADDRESS:PORT or :PORT, such as 127.0.0.1:10249 or [::1]:10249.");
    }
    return text;
  });
}

function examples(name: string): string {
  return `
Examples:
  # does kube-proxy keep this node in sync with the cluster?
  $ ${name} watch --live --node node1 --verify

  # replace kube-proxy on a test node
  $ ${name} watch --live --node node1 --apply \\
      --metrics-bind-address 127.0.0.1:10249 --healthz-bind-address :10256

Exit codes: 130 and 143 after SIGINT and SIGTERM, 2 usage, 3 input invalid,
4 environment: permanent problems, such as an invalid kubeconfig or missing
permissions. While the API server is down, watch keeps trying.
`;
}
