/** The input of `ipset restore`, spelled as `ipset save` prints it. */
export type SetType = "hash:ip" | "hash:ip,port" | "hash:ip,port,ip" | "hash:ip,port,net" | "bitmap:port";

/** What a hash set holds unless told otherwise. */
export const defaultMaxElements = 65_536;

export interface SetHeader {
  readonly name: string;
  readonly type: SetType;
  readonly family: "ipv4" | "ipv6";
  /** How many entries it must hold. */
  readonly entries: number;
}

export function createSet({ name, type, family, entries }: SetHeader): string {
  if (type === "bitmap:port") return `create ${name} bitmap:port range 0-65535`;
  const room = entries > defaultMaxElements ? ` maxelem ${roomFor(entries)}` : "";
  return `create ${name} ${type} family ${family === "ipv4" ? "inet" : "inet6"}${room}`;
}

/** The next power of two. */
function roomFor(entries: number): number {
  return 2 ** Math.ceil(Math.log2(entries));
}

/** A network as an element of a set: one of full length is printed as the address it is. */
export function networkElement(cidr: string, family: "ipv4" | "ipv6"): string {
  const full = family === "ipv4" ? "/32" : "/128";
  return cidr.endsWith(full) ? cidr.slice(0, -full.length) : cidr;
}

export function addEntry(set: string, entry: string): string {
  return `add ${set} ${entry}`;
}
