/** The input of `ipvsadm --restore`, spelled as `ipvsadm -Sn` prints it. */
export type Transport = "tcp" | "udp" | "sctp";

const options: Readonly<Record<Transport, string>> = { tcp: "-t", udp: "-u", sctp: "--sctp-service" };

/** What names a virtual server: `-t 10.96.0.10:80`. */
export function serverKey(protocol: Transport, address: string): string {
  return `${options[protocol]} ${address}`;
}

export interface ServerOptions {
  readonly scheduler: string;
  /** Seconds for which a client stays at its real server. */
  readonly persistence: number | undefined;
}

/** Maglev hashing takes the source port in, as kube-proxy asks it to. */
export function addServer(key: string, { scheduler, persistence }: ServerOptions): string {
  const sticky = persistence === undefined ? "" : ` -p ${persistence}`;
  return `-A ${key} -s ${scheduler}${sticky}${scheduler === "mh" ? " -b mh-port" : ""}`;
}

/** Forwarded by masquerading (NAT), the only way that keeps ports apart. */
export function addRealServer(key: string, target: string): string {
  return `-a ${key} -r ${target} -m -w 1`;
}
