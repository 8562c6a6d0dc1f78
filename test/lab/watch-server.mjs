import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";

/**
 * A small API server of a network namespace: lists and watches what stands in a file, which may be replaced at any
 * time. It ends when the file goes.
 */
const [file, port] = process.argv.slice(2);
const kinds = {
  services: "Service",
  nodes: "Node",
  endpointslices: "EndpointSlice",
  servicecidrs: "ServiceCIDR",
  configmaps: "ConfigMap",
};
const watchers = new Set();
let version = 100;
let objects = new Map();

const read = () => {
  const { items } = JSON.parse(readFileSync(file, "utf8"));
  return new Map(items.map((item) => [`${item.kind} ${item.metadata.namespace} ${item.metadata.name}`, item]));
};

const stamped = (object) => ({ ...object, metadata: { ...object.metadata, resourceVersion: String(version) } });

const tell = (type, object) => {
  version += 1;
  const line = `${JSON.stringify({ type, object: stamped(object) })}\n`;
  for (const { kind, response } of watchers) if (kind === object.kind) response.write(line);
};

const compare = () => {
  let next;
  try {
    next = read();
  } catch (error) {
    if (error.code === "ENOENT") process.exit();
    return;
  }
  for (const [key, object] of objects) if (!next.has(key)) tell("DELETED", object);
  for (const [key, object] of next) {
    const old = objects.get(key);
    if (JSON.stringify(old) !== JSON.stringify(object)) tell(old === undefined ? "ADDED" : "MODIFIED", object);
  }
  objects = next;
};

const server = createServer((request, response) => {
  const url = new URL(request.url, "http://here");
  const kind = kinds[url.pathname.split("/").at(-1)];
  response.writeHead(200, { "content-type": "application/json" });
  if (url.searchParams.has("watch")) {
    response.flushHeaders();
    const watcher = { kind, response };
    watchers.add(watcher);
    response.on("close", () => watchers.delete(watcher));
    return;
  }
  const items = [...objects.values()].filter((object) => object.kind === kind).map(stamped);
  response.end(JSON.stringify({ kind: `${kind}List`, metadata: { resourceVersion: String(version) }, items }));
});
objects = read();
server.listen(Number(port), "127.0.0.1", () => writeFileSync(`${file}.ready`, ""));
setInterval(compare, 50);
