import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError, Option } from "commander";
import { Failure } from "../../app/effects.ts";

/** Nobody but this machine can connect to it. */
const host = "127.0.0.1";

/** `portolan serve`: the playground and the documentation, for a browser on this machine. */
export function serveCommand(name: string): Command {
  return new Command("serve")
    .summary("open the playground and the docs in a browser")
    .description(
      `Serves the playground on ${host}: a page that shows where packets to Services go, and by which rules; and the ` +
        "documentation at /docs/. The page works alone: what you paste into it does not leave the browser.",
    )
    .addOption(
      new Option("--port <number>", "port to listen on; 0 takes any free one").argParser(portNumber).default(8017),
    )
    .addHelpText("after", `\nExample:\n  $ ${name} serve\n\nCtrl+C ends it. Exit codes: 2 usage, 4 environment.\n`)
    .action(async ({ port }: { readonly port: number }) => {
      const [{ serve }, { readSite }, { siteFolder }] = await Promise.all([
        import("../../host/serve.ts"),
        import("../../host/files/read-site.ts"),
        import("../effects.ts"),
      ]);
      const site = readSite(fileURLToPath(siteFolder));
      if (site === undefined) throw new Failure("the playground is not built: run npm run build:web", "environment");
      const served = await serve({ host, port }, site).catch((error: NodeJS.ErrnoException) => {
        const reason = error.code === "EADDRINUSE" ? "another program does; pass --port" : error.message;
        throw new Failure(`cannot listen on ${host}:${port}: ${reason}`, "environment");
      });
      const address = `http://${host}:${served.port}/`;
      process.stdout.write(`${address}\n${address}docs/ (documentation)\n`);
    });
}

function portNumber(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError("It is not a port number.");
}
