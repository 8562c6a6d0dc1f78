import { setTimeout as timer } from "node:timers/promises";
import { Command, InvalidArgumentError, Option } from "commander";
import { parseBindAddress } from "../../app/requests.ts";
import type { WatchEffects, WatchRequest } from "../../app/watch/watch.ts";
import { duration } from "../flags.ts";
import { SettingOption } from "../settings.ts";
import { addLiveOptions, addNodeOptions, colorOption, filenameOption, overlayOption } from "../state-flags.ts";
import type { ColorFlag } from "../terminal/terminal.ts";

type WatchFlags = WatchRequest & ColorFlag;

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
    // Defined only to be refused with a reason.
    command.addOption(option.hideHelp());
  }
  addNodeOptions(addLiveOptions(command)).addOption(new SettingOption("proxyConfig"));
  return addWatchOptions(command)
    .addOption(colorOption())
    .addHelpText("after", examples(name))
    .action(async (flags: WatchFlags) => {
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

/** Runs until a signal stops it. */
async function runWatch(flags: WatchFlags): Promise<number> {
  const [{ watchState }, { openTerminal }, { catchStops, ignoreLostOutputs }, { logLine }] = await Promise.all([
    import("../../app/watch/watch.ts"),
    import("../terminal/terminal.ts"),
    import("../terminal/interrupts.ts"),
    import("../../app/watch/watch-log.ts"),
  ]);
  let stops: ReturnType<typeof catchStops> | undefined;
  const terminal = openTerminal(flags);
  await watchState(flags, terminal.effects, {
    ...(await loadWatchEffects()),
    log: (level, msg, fields) => terminal.print(logLine(new Date(), level, msg, fields)),
    catchStops: () => {
      stops = catchStops();
      return stops;
    },
    ignoreLostOutputs,
  });
  if (stops === undefined) throw new Error("a watch that has not begun has ended");
  return stops.exitCode();
}

async function loadWatchEffects(): Promise<Omit<WatchEffects, "log" | "catchStops" | "ignoreLostOutputs">> {
  const [{ createCredentials }, { usualTimes }, { reflectResource }, { watchedResources }, { serve }, { reasonOf }] =
    await Promise.all([
      import("../../host/kube/credentials.ts"),
      import("../../host/kube/reflector.ts"),
      import("../../host/kube/reflect-resource.ts"),
      import("../../host/kube/resources.ts"),
      import("../../host/serve.ts"),
      import("../../host/files/read-sources.ts"),
    ]);
  return {
    createCredentials,
    times: usualTimes,
    reflectResource,
    watchedResources,
    servers: { serve, reasonOf, now: Date.now, loadPrometheus: () => import("prom-client") },
    now: () => performance.now(),
    sleep: (milliseconds, signal) => timer(milliseconds, undefined, { signal }).catch(() => {}),
  };
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
4 environment: what cannot work from the start, such as a kubeconfig that cannot
be used or a missing right. A server that is down is tried again and again.
`;
}
