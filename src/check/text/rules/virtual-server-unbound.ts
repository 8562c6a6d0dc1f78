import { createSubject } from "../../../diagnostics/diagnostic.ts";
import type { SavedServer } from "../../../languages/ipvs/text.ts";
import { setName } from "../../../programs/kube-proxy/set-names.ts";
import type { CheckedHost, TextRule } from "../checked-host.ts";

/** Virtual servers on addresses that are not local to the host. */
export const virtualServerUnbound: TextRule = (host, sink) => {
  for (const { server, place } of host.servers) {
    const colon = server.address.lastIndexOf(":");
    const ip = server.address.slice(0, colon).replace(/^\[|\]$/g, "");
    if (!isUnbound(host, server, ip, server.address.slice(colon + 1))) continue;
    const subject = createSubject("Virtual server", "", `${server.protocol} ${server.address}`);
    sink.reporter(subject)("virtual-server-unbound", place, { address: server.address });
  }
};

/** Without the host's own addresses only cluster IPs are certain: they are always bound. */
function isUnbound(
  { addresses, boundAddresses, sets }: CheckedHost,
  { protocol }: SavedServer,
  ip: string,
  port: string,
): boolean {
  if (addresses !== undefined) return !addresses.has(ip) && boundAddresses?.has(ip) !== true;
  if (boundAddresses === undefined || boundAddresses.has(ip)) return false;
  const clusterIps = sets?.get(setName("clusterIp", ip.includes(":") ? "ipv6" : "ipv4"));
  return clusterIps?.entries.some(({ text }) => text === `${ip},${protocol}:${port}`) === true;
}
