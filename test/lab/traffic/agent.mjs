// One host of the traffic lab: runs in a network namespace of its own, serves and calls as told by lines of JSON on
// stdin, and goes when stdin ends. Node has sockets for TCP and UDP only.
import { createSocket } from "node:dgram";
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";

const [, , name] = process.argv;
const plain = (address) => address.replace(/^::ffff:/, "");

/** Who is asked answers with its name and the address the question came from, over both protocols and families. */
function serve({ port, tellsPort, udpAddresses = ["::"] }) {
  const answerTo = (peer) => `${name} ${plain(peer)}${tellsPort ? ` ${port}` : ""}`;
  const tcp = createServer((socket) => {
    socket.on("error", () => {});
    socket.end(answerTo(socket.remoteAddress ?? "gone"));
  });
  const bindUdp = (address) => {
    const udp = createSocket({ type: address.includes(":") ? "udp6" : "udp4" });
    udp.on("message", (_, peer) => udp.send(answerTo(peer.address), peer.port, peer.address));
    return new Promise((done) => udp.bind(port, address, done));
  };
  return Promise.all([new Promise((done) => tcp.listen(port, "::", done)), ...udpAddresses.map(bindUdp)]);
}

/** UDP from the host that rejects fails with EPERM already when it sends. */
const outcomes = { ECONNREFUSED: "refused", EPERM: "refused", EHOSTUNREACH: "unreachable", ENETUNREACH: "unreachable" };
const outcomeOf = (error) => outcomes[error.code] ?? `error ${error.code}`;

function callTcp({ host, port, source }, done) {
  const socket = connect({ host, port, localAddress: source });
  let text = "";
  socket.on("data", (data) => {
    text += data;
  });
  socket.on("end", () => done(text));
  socket.on("error", (error) => done(outcomeOf(error)));
  return () => socket.destroy();
}

function callUdp({ host, port, source }, done) {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  socket.on("message", (text) => done(String(text)));
  socket.on("error", (error) => done(outcomeOf(error)));
  socket.bind({ address: source }, () => socket.connect(port, host, (error) => (error ? done(outcomeOf(error)) : socket.send("who?"))));
  return () => socket.close();
}

function call(order) {
  return new Promise((resolve) => {
    const timer = setTimeout(() => done("timeout"), order.patience);
    const stop = (order.protocol === "udp" ? callUdp : callTcp)(order, done);
    function done(outcome) {
      clearTimeout(timer);
      stop();
      resolve(outcome);
    }
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line);
  const result = order.verb === "serve" ? serve(order) : call(order);
  result.then((outcome) => console.log(JSON.stringify({ id: order.id, outcome })));
}
process.exit(0);
