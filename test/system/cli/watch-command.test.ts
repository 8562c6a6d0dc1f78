import { expect, test } from "vitest";
import { runCli } from "../../harness/run-cli.ts";

test.each([
  [["-f", "x.yaml", "--node", "n", "--verify"], /pass --live instead of -f/],
  [["--node", "n", "--verify"], /pass --live$/m],
  [["--live", "--verify"], /--node NAME/],
  [["--live", "--node", "n"], /pass either --verify to report drift or --apply to change this host/],
  [["--live", "--node", "n", "--verify", "--apply"], /cannot be used with/],
  [["--live", "--node", "n", "--verify", "--overlay", "x"], /does not support --overlay/],
  [["--live", "--node", "n", "--verify", "--min-sync-period", "2m"], /longer than --sync-period/],
  [["--live", "--node", "n", "--verify", "--metrics-bind-address", "nonsense"], /ADDRESS:PORT/],
])("watch %j is refused", async (args, message) => {
  const { code, stdout, stderr } = await runCli(["watch", ...args]);
  expect({ code, stdout, stderr }).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(message) });
});
