import { cidrContains, parseCidr, parseIp } from "../../model/address.ts";

/**
 * The proxy that the environment names for a server, as Go's programs and so kubectl read it: HTTPS_PROXY or
 * HTTP_PROXY by the server's scheme, unless NO_PROXY names its host; loopback addresses never.
 */
export function proxyOf(server: string, environment: Readonly<Record<string, string | undefined>>): string | undefined {
  const { protocol, hostname, port } = new URL(server);
  const host = hostname.replace(/^\[|\]$/g, "").toLowerCase();
  const either = (name: string): string => environment[name] || environment[name.toLowerCase()] || "";
  const proxy = either(protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY");
  if (proxy === "" || host === "localhost" || host === "::1" || host.startsWith("127.")) return undefined;
  const exceptions = either("NO_PROXY")
    .split(",")
    .map((entry) => entry.trim().toLowerCase());
  if (exceptions.some((entry) => entry !== "" && isExcepted(entry, host, port || "443"))) return undefined;
  return proxy.includes("://") ? proxy : `http://${proxy}`;
}

/** `*`, `example.com` with all below it, `.example.com`, an address, a network; a port may stand behind. */
function isExcepted(entry: string, host: string, port: string): boolean {
  if (entry === "*") return true;
  const ip = parseIp(host);
  const network = parseCidr(entry);
  if (network !== undefined) return ip !== undefined && cidrContains(network, ip);
  const [, name = entry, onPort] = /^(.*[^:]):(\d+)$/.exec(entry) ?? [];
  if (onPort !== undefined && parseIp(entry) === undefined && onPort !== port) return false;
  const bare = (parseIp(entry) === undefined ? name : entry).replace(/^\*?\./, "");
  return host === bare || (ip === undefined && host.endsWith(`.${bare}`));
}
