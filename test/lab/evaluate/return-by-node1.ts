import { addresses, type Lab } from "../traffic/topology.ts";

/** The client reaches pods by way of node1; answers to the client pass node1 as its questions do, also those of pods elsewhere. */
export function returnByNode1(lab: Lab): void {
  const [outer, outer6] = addresses.node1;
  const routes = [...addresses.client, ...addresses.stranger].map(
    (address) => `route add ${address} via ${address.includes(":") ? outer6 : outer}\n`,
  );
  lab.node2.run(["ip", "-batch", "-"], { input: routes.join("") });
  const toPods = [`route add 10.244.0.0/16 via ${outer}\n`, `route add fd00:10:244::/48 via ${outer6}\n`];
  lab.client.run(["ip", "-batch", "-"], { input: toPods.join("") });
}
