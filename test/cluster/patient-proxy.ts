import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** What stands between clients and a server, as a load balancer does; nobody is refused while the server is away. */
export interface PatientProxy {
  readonly port: number;
  /** Connections that have got through and have not ended. */
  readonly open: () => number;
  /** From here on whoever comes waits. */
  readonly hold: () => void;
  readonly release: () => void;
}

export async function patientProxy(port: number): Promise<PatientProxy> {
  const open = new Set<Socket>();
  let held: Socket[] | undefined;
  const pass = (client: Socket): void => {
    const server = connect(port, "127.0.0.1");
    open.add(client);
    client.on("close", () => {
      open.delete(client);
      server.destroy();
    });
    server.on("close", () => client.destroy());
    client.pipe(server).pipe(client);
    server.on("error", () => {});
  };
  const proxy = createServer((client) => {
    client.on("error", () => {});
    if (held === undefined) pass(client);
    else held.push(client);
  });
  await new Promise<void>((done) => proxy.listen(0, "127.0.0.1", done));
  onTestFinished(() => {
    proxy.close();
    for (const client of [...open, ...(held ?? [])]) client.destroy();
  });
  return {
    port: (proxy.address() as AddressInfo).port,
    open: () => open.size,
    hold: () => {
      held = [];
    },
    release: () => {
      const waiting = held ?? [];
      held = undefined;
      for (const client of waiting) pass(client);
    },
  };
}
