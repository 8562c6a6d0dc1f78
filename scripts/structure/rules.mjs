// What the imports of src/ must not do, as functions from edges to offending edges.

/** Import cycles: sets of files of which each reaches each other (Tarjan). */
export function findCycles(edges) {
  const targets = groupByFrom(edges);
  const states = new Map();
  const stack = [];
  const cycles = [];
  const visit = (file) => {
    const state = { index: states.size, low: states.size, open: true };
    states.set(file, state);
    stack.push(file);
    for (const { to } of targets.get(file) ?? []) {
      const other = states.get(to) ?? visit(to);
      if (other.open) state.low = Math.min(state.low, other.low);
    }
    if (state.low === state.index) close(file);
    return state;
  };
  const close = (file) => {
    const members = stack.splice(stack.lastIndexOf(file));
    for (const member of members) states.get(member).open = false;
    const importsItself = (targets.get(file) ?? []).some(({ to }) => to === file);
    if (members.length > 1 || importsItself) cycles.push(members.sort());
  };
  for (const file of targets.keys()) if (!states.has(file)) visit(file);
  return cycles;
}

function groupByFrom(edges) {
  const groups = new Map();
  for (const edge of edges) {
    const group = groups.get(edge.from);
    if (group === undefined) groups.set(edge.from, [edge]);
    else group.push(edge);
  }
  return groups;
}

/** The imports that a cycle consists of. */
export function cycleOffenders(edges) {
  return findCycles(edges).flatMap((files) => {
    const members = new Set(files);
    return edges
      .filter(({ from, to }) => members.has(from) && members.has(to))
      .map((edge) => offender("cycle", edge, `a cycle of ${files.length} files`));
  });
}

/** Imports of a higher layer, and files that no layer holds. `layers` are lists of folders from the bottom. */
export function layerOffenders(edges, layers) {
  return edges.flatMap((edge) => {
    const [from, to] = [layerOf(edge.from, layers), layerOf(edge.to, layers)];
    if (from === undefined || to === undefined) {
      const path = from === undefined ? edge.from : edge.to;
      return [offender("layer", edge, `no layer holds ${path}`)];
    }
    return to.level > from.level ? [offender("layer", edge, `${from.name} is below ${to.name}`)] : [];
  });
}

/** The layer with the longest matching name; a file directly in src/ that none names is above all. */
function layerOf(path, layers) {
  let best;
  for (const [level, names] of layers.entries()) {
    for (const name of names) {
      if (isIn(path, name) && name.length > (best?.name.length ?? 0)) best = { level, name };
    }
  }
  return best ?? (path.includes("/") ? undefined : { level: layers.length, name: path });
}

/** Imports between sibling folders of which each imports the other: those of the direction with fewer of them. */
export function siblingOffenders(edges) {
  const pairs = siblingImports(edges);
  return [...pairs].flatMap(([key, there]) => {
    const [from, to] = key.split(" ");
    const back = pairs.get(`${to} ${from}`);
    if (back === undefined || there.length > back.length || (there.length === back.length && from < to)) return [];
    return there.map((edge) => offender("siblings", edge, `${from} and ${to} import each other`));
  });
}

export function siblingPairs(edges) {
  const pairs = siblingImports(edges);
  return [...pairs.keys()].filter((key) => {
    const [from, to] = key.split(" ");
    return from < to && pairs.has(`${to} ${from}`);
  });
}

function siblingImports(edges) {
  const pairs = new Map();
  for (const edge of edges) {
    const [from, to] = [edge.from.split("/"), edge.to.split("/")];
    const depth = from.findIndex((name, index) => name !== to[index]);
    if (depth < 0 || depth >= from.length - 1 || depth >= to.length - 1) continue;
    const key = `${from.slice(0, depth + 1).join("/")} ${to.slice(0, depth + 1).join("/")}`;
    pairs.set(key, [...(pairs.get(key) ?? []), edge]);
  }
  return pairs;
}

/** Imports over a wall: `never` lists folders that `folder` must not import, `only` those it may import besides itself. */
export function wallOffenders(edges, walls) {
  return walls.flatMap(({ folder, never, only }) =>
    edges
      .filter(({ from, to }) => isIn(from, folder) && !isIn(to, folder))
      .filter(({ to }) => never?.some((one) => isIn(to, one)) || (only && !only.some((one) => isIn(to, one))))
      .map((edge) =>
        offender("wall", edge, only ? `${folder} imports only ${only.join(", ")}` : `${folder} never does`),
      ),
  );
}

export function findOffenders(edges, { layers, walls }) {
  const all = [
    ...cycleOffenders(edges),
    ...layerOffenders(edges, layers),
    ...siblingOffenders(edges),
    ...wallOffenders(edges, walls),
  ];
  return [...new Map(all.map((one) => [keyOf(one), one])).values()];
}

/** How an offending edge is named in the list of the known ones. */
export function keyOf({ rule, from, to }) {
  return `${rule}: ${from} -> ${to}`;
}

/** What the list of known offenders lacks, and what it holds that is gone: it may only shrink. */
export function compareWithKnown(offenders, known) {
  const present = new Set(offenders.map(keyOf));
  return {
    added: offenders.filter((one) => !known.includes(keyOf(one))),
    gone: known.filter((key) => !present.has(key)),
  };
}

function offender(rule, { from, to, line }, why) {
  return { rule, from, to, line, why };
}

export function isIn(path, folder) {
  return path === folder || path.startsWith(`${folder}/`);
}
