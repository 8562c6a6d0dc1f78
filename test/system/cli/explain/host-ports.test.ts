import { describe, expect, it } from "vitest";
import { runCli } from "../../../harness/run-cli.ts";

const cwd = new URL("../../../../golden/", import.meta.url).pathname;

describe("explain of what portmap writes", () => {
  /** Without the breaks between lines. */
  const ask = async (name: string, folder: string, ...more: readonly string[]): Promise<string> => {
    const { code, stdout } = await runCli(["explain", name, "-f", `${folder}/cluster.yaml`, "--host-ports", ...more], {
      cwd,
    });
    expect(code).toBe(0);
    return stdout.replace(/\n +/g, " ");
  };

  it("says what its chains are for, and which pod a rule comes from", async () => {
    const entry = await ask("CNI-HOSTPORT-DNAT", "host-port-one-pod");
    expect(entry).toContain(
      "It sends connections to a host port on to the chain of the pod that has it (CNI portmap).",
    );
    expect(entry).toContain("from Pod shop/web");
    const pod = await ask("CNI-DN-c75bfc8695f61e9b30ea9", "host-port-one-pod");
    expect(pod).toContain("It sends connections to the host ports of one pod to it (CNI portmap).");
  });

  it("says it of the table of its nftables back end", async () => {
    const chain = await ask("hostports", "host-port-nftables", "--mode", "nftables");
    expect(chain).toContain("It sends connections to host ports to the pods that have them: DNAT (CNI portmap).");
  });
});
