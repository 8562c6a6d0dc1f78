import { createServer } from "node:net";

/** A name without a file: it belongs to the network namespace, as the rules do, and goes with its process. */
const socketName = "\0portolan-apply";

/** Held while a host is being changed; undefined: somebody else holds it. Call the result to let go. */
export async function holdApplyLock(): Promise<(() => void) | undefined> {
  const server = createServer((socket) => socket.destroy());
  server.unref();
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(undefined);
      else reject(error);
    });
    server.listen(socketName, () => resolve(() => server.close()));
  });
}
