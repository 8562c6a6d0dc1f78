import { printTarget } from "../../datapath/address-set.ts";
import type { Protocol } from "../../datapath/packet.ts";
import { addressKey, portKey } from "../../programs/kube-proxy/nftables/names.ts";
import type { ServiceDestination } from "./traffic-mode.ts";

/** `10.96.0.10:80/TCP`, `node port 30080/TCP`. */
export function printDestination({ kind, address, port, protocol }: ServiceDestination): string {
  const name = protocol.toUpperCase();
  return kind === "node-port" ? `node port ${port}/${name}` : `${printTarget({ address, port })}/${name}`;
}

export function keyOf({ kind, address, port, protocol }: ServiceDestination): string {
  return kind === "node-port" ? `*:${port}/${protocol}` : `${printTarget({ address, port })}/${protocol}`;
}

/** The key of its elements in the maps of nftables: `10.96.0.10 . tcp . 80`, `tcp . 30080`. */
export function elementKeyOf({
  kind,
  address,
  port,
  protocol,
}: Pick<ServiceDestination, "kind" | "address" | "port" | "protocol">): string {
  return kind === "node-port" ? portKey(protocol, port) : addressKey(address, protocol, port);
}

/** The service ports by the keys of elements, and by address alone. */
export function namesByElement(names: ReadonlyMap<string, string>): (key: string) => readonly string[] {
  const found = new Map<string, string[]>();
  const note = (key: string, name: string): void => {
    const known = found.get(key);
    if (known === undefined) found.set(key, [name]);
    else known.push(name);
  };
  for (const [key, name] of names) {
    const [, address = "", port = "", protocol = ""] = /^\[?(.*?)\]?:(\d+)\/(\w+)$/.exec(key) ?? [];
    const kind = address === "*" ? "node-port" : "cluster-ip";
    note(elementKeyOf({ kind, address, port: Number(port), protocol: protocol as Protocol }), name);
    if (address !== "*") note(address, name);
  }
  return (key) => found.get(key) ?? [];
}

/** `shop/web:http`, `shop/web:http (node port 30080/TCP)`, or the address where the text does not name a Service. */
export function labelsOf(destinations: readonly ServiceDestination[]): readonly string[] {
  const byService = new Map<string, ServiceDestination[]>();
  for (const destination of destinations) {
    const name = destination.service ?? printDestination(destination);
    byService.set(name, [...(byService.get(name) ?? []), destination]);
  }
  return [...byService].map(([name, all]) => {
    const [first] = all;
    const isPart = first?.service !== undefined && all.length === 1 && first.kind !== "cluster-ip";
    return isPart ? `${name} (${printDestination(first)})` : name;
  });
}

/** What fits into a message. */
const longest = 70;

export function listed(names: readonly string[]): string {
  let text = "";
  for (const [at, name] of names.entries()) {
    const left = names.length - at;
    const next = text === "" ? name : left === 1 ? `${text} and ${name}` : `${text}, ${name}`;
    if (next.length > longest && at > 0) return `${text} and ${left} more`;
    text = next;
  }
  return text;
}
