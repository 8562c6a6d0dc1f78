import { createServer, type Server } from "node:http";

export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Served {
  readonly port: number;
  readonly close: () => void;
}

/** Answers GET requests by path; others are not found. Rejects with the system's error where it cannot listen. */
export async function serve(
  { host, port }: { readonly host: string | undefined; readonly port: number },
  replies: Readonly<Record<string, () => Reply | Promise<Reply>>>,
): Promise<Served> {
  const server: Server = createServer((request, response) => {
    const [path = ""] = (request.url ?? "").split("?");
    const reply = Object.hasOwn(replies, path) ? replies[path] : undefined;
    const missing: Reply = { status: 404, type: "text/plain", body: "not found\n" };
    const failed: Reply = { status: 500, type: "text/plain", body: "failed\n" };
    Promise.resolve(request.method === "GET" || request.method === "HEAD" ? reply : undefined)
      .then((found) => found?.() ?? missing)
      .catch(() => failed)
      .then(({ status, type, body, headers }) => {
        response.writeHead(status, { "content-type": type, "x-content-type-options": "nosniff", ...headers });
        response.end(request.method === "HEAD" ? undefined : body);
      });
  });
  await new Promise<void>((resolve, reject) => {
    // This handler stays: a later error, such as too many open files, must not end the process.
    server.on("error", reject);
    server.listen({ host, port }, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
