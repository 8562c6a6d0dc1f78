import { lineDifferences, lines } from "./lines.mjs";

/** What the ipvs mode asks for beside rules. On either side a file that is not there says the same as an empty one. */
export function ipvsDifferences(expected, compiled) {
  const servers = lines(compiled["ipvs.restore"]);
  const sets = lines(compiled["ipset.restore"]);
  const faults = [...setFaults(sets), ...serverFaults(servers), ...addressFaults(lines(compiled["addresses.batch"]))];
  return [
    ...faults,
    ...lineDifferences("ipset.restore", lines(expected["ipset.save"]).map(plainSet).sort(), sets.map(plainSet).sort()),
    ...lineDifferences("ipvs.restore", lines(expected["ipvsadm.save"]).sort(), [...servers].sort()),
    ...lineDifferences(
      "addresses.batch",
      lines(expected.addresses).sort(),
      lines(compiled["addresses.batch"]).map(boundAddress).sort(),
    ),
    ...lineDifferences("ipvs.timeouts", lines(expected["ipvsadm.timeouts"]), lines(compiled["ipvs.timeouts"])),
  ];
}

/** A set as it is, without how the kernel stores it. */
export function plainSet(line) {
  return line.replace(/ (?:hashsize|maxelem|bucketsize|initval) \S+/g, "").trimEnd();
}

const bound = /^addr replace (\S+)\/(\d+) dev kube-ipvs0$/;

function boundAddress(line) {
  return bound.exec(line)?.[1] ?? line;
}

function addressFaults(batch) {
  return batch.flatMap((line) => {
    const [, ip, bits] = bound.exec(line) ?? [];
    return bits === (ip?.includes(":") ? "128" : "32") ? [] : [`addresses.batch: ${line}`];
  });
}

/** What ipset restore would stumble over. */
function setFaults(restore) {
  const room = new Map();
  return restore.flatMap((line) => {
    const [verb, name, ...rest] = line.split(" ");
    if (verb === "create") {
      const limit = rest[0].startsWith("bitmap:") ? 65_536 : Number(rest[rest.indexOf("maxelem") + 1]) || 65_536;
      const isNew = !room.has(name);
      room.set(name, limit);
      return isNew ? [] : [`ipset.restore: created twice: ${line}`];
    }
    if (verb !== "add" || !room.has(name)) return [`ipset.restore: neither a set nor an entry of one: ${line}`];
    room.set(name, room.get(name) - 1);
    return room.get(name) === -1 ? [`ipset.restore: more entries than fit into ${name}`] : [];
  });
}

function serverFaults(restore) {
  const seen = new Set();
  let server = "";
  return restore.flatMap((line) => {
    const [verb, kind, address] = line.split(" ");
    const key = `${kind} ${address}`;
    if (verb !== "-A") return key === server ? [] : [`ipvs.restore: real server away from its virtual server: ${line}`];
    server = key;
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew ? [] : [`ipvs.restore: added twice: ${line}`];
  });
}
