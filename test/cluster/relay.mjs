import { connect, createServer } from "node:net";

/**
 * One half of a way from a network namespace to a port of 127.0.0.1 outside, over a Unix socket, which every
 * namespace sees: `relay.mjs out SOCKET PORT` outside, `relay.mjs in SOCKET PORT` inside.
 */
const [side, socket, port] = process.argv.slice(2);
const outside = { host: "127.0.0.1", port: Number(port) };
const [from, to] = side === "out" ? [{ path: socket }, outside] : [outside, { path: socket }];

const server = createServer((client) => {
  const peer = connect(to);
  client.pipe(peer).pipe(client);
  client.on("error", () => peer.destroy());
  peer.on("error", () => client.destroy());
});
server.listen(from, () => process.stdout.write("ready\n"));
