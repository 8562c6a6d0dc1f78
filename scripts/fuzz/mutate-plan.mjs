import { createHash } from "node:crypto";

/** What someone who can write a plan file may put in place of a value. */
const hostileValues = [
  null,
  true,
  0,
  -1,
  65_536,
  2 ** 53,
  1.5,
  "",
  "\u0000",
  "a\nb",
  "-A INPUT -j ACCEPT",
  "--modprobe=/tmp/evil",
  "10.0.0.1/0",
  "::",
  "__proto__",
  "ip netns exec x sh -c id",
  "kernel.core_pattern = |/tmp/evil",
  "\u202e\u001b[31m",
  [],
  {},
  [[]],
  { kind: "Plan" },
  ["sh", "-c", "id"],
];
const hostileKeys = [
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "then",
  "length",
  "",
  "notShown",
  "undo",
  "0",
];
const hostileCommands = [
  ["ip", "netns", "exec", "x", "sh", "-c", "id"],
  ["sysctl", "-w", "kernel.core_pattern=|/tmp/evil"],
  ["iptables-restore", "--modprobe=/tmp/evil"],
  ["ipset", "-file", "/etc/passwd", "save"],
  ["sh", "-c", "id"],
  [],
];
const hostileLines = [
  "*filter\n-A INPUT -j ACCEPT\nCOMMIT\n",
  "*nat\n-F\nCOMMIT\n",
  "kernel.core_pattern = |/tmp/evil\n",
  "addr add 10.0.0.1/32 dev eth0\n",
];

/** Changes of the document; each gets it, choices that can be repeated, and another plan that is valid. */
const documentMutations = {
  "another value": (plan, random) => {
    const place = pickPlace(plan, random);
    set(place, random.pick(hostileValues));
  },
  "a value less": (plan, random) => {
    const { parent, key } = pickPlace(plan, random);
    if (Array.isArray(parent)) parent.splice(key, 1);
    else delete parent[key];
  },
  "a field more": (plan, random) => {
    const { parent } = pickPlace(plan, random);
    if (!Array.isArray(parent)) define(parent, random.pick(hostileKeys), random.pick(hostileValues));
  },
  "a value twice": (plan, random) => {
    const { parent, key } = pickPlace(plan, random);
    if (Array.isArray(parent)) parent.push(structuredClone(parent[key]));
  },
  "a value from elsewhere": (plan, random) => {
    const from = pickPlace(plan, random);
    set(pickPlace(plan, random), structuredClone(from.parent[from.key]));
  },
  "a field of another plan": (plan, random, other) => {
    const key = random.pick(Object.keys(other));
    plan[key] = structuredClone(other[key]);
  },
  "items of another plan": (plan, _, other) => {
    if (Array.isArray(plan.state?.items)) plan.state.items = structuredClone(other.state.items);
  },
  "a value that is nested": (plan, random) => {
    let value = "deep";
    const levels = 1 + random.below(300);
    for (let level = 0; level < levels; level += 1) value = random.chance(0.5) ? [value] : { deep: value };
    set(pickPlace(plan, random), value);
  },
  "a long value": (plan, random) => {
    set(pickPlace(plan, random), "x".repeat(1 + random.below(300_000)));
  },
  "another command": (plan, random) => {
    const step = random.pick(stepsOf(plan));
    if (step !== undefined) step.argv = [...random.pick(hostileCommands)];
  },
  "a step more": (plan, random) => {
    const step = { purpose: "set sysctls", argv: [...random.pick(hostileCommands)], stdin: random.pick(hostileLines) };
    if (Array.isArray(plan.steps)) plan.steps.splice(random.below(plan.steps.length + 1), 0, step);
  },
  "an argument more": (plan, random) => {
    const step = random.pick(stepsOf(plan));
    if (Array.isArray(step?.argv)) step.argv.push(random.pick(["--modprobe=/tmp/evil", "-M", "--help", "-file", ""]));
  },
  "other input of a step": (plan, random) => {
    const step = random.pick(stepsOf(plan));
    if (step !== undefined)
      step.stdin = random.chance(0.5) ? random.pick(hostileLines) : `${step.stdin}${random.pick(hostileLines)}`;
  },
  "steps in another order": (plan, random) => {
    if (Array.isArray(plan.steps)) plan.steps = random.shuffled(plan.steps);
  },
  "a step that may fail": (plan, random) => {
    const step = random.pick(stepsOf(plan));
    if (step !== undefined) step.mayFail = random.pick([true, false, "yes"]);
  },
  "text in an object": (plan, random) => {
    const places = placesIn(plan.state).filter(({ parent, key }) => typeof parent[key] === "string");
    const place = random.pick(places);
    if (place !== undefined)
      set(place, `${place.parent[place.key]}${random.pick(["\n-j ACCEPT", '" -j ACCEPT', "x", " ", "\u0000"])}`);
  },
  "a number in an object": (plan, random) => {
    const places = placesIn(plan.state).filter(({ parent, key }) => typeof parent[key] === "number");
    const place = random.pick(places);
    if (place !== undefined) set(place, place.parent[place.key] + random.pick([1, -1, 65_536, 0.5]));
  },
};

/** Changes of the text, which is then seldom JSON. */
const textMutations = {
  "an end that is missing": (text, random) => text.slice(0, random.below(text.length)),
  "a part that is missing": (text, random) => {
    const at = random.below(text.length);
    return text.slice(0, at) + text.slice(at + 1 + random.below(200));
  },
  "a part twice": (text, random) => {
    const at = random.below(text.length);
    return text.slice(0, at + 1 + random.below(200)) + text.slice(at);
  },
  "a line twice": (text, random) => {
    const lines = text.split("\n");
    const at = random.below(lines.length);
    return [...lines.slice(0, at + 1), ...lines.slice(at)].join("\n");
  },
  "another character": (text, random) => {
    const at = random.below(text.length);
    return text.slice(0, at) + random.pick(["\u0000", "{", "]", '"', "\\", "9", "é", "\ufeff"]) + text.slice(at + 1);
  },
  "other line ends": (text) => text.replaceAll("\n", "\r\n"),
  "other blanks": (text) => JSON.stringify(JSON.parse(text)),
  "a text before": (text, random) => random.pick(["\ufeff", "[", "# plan\n", "{}\n"]) + text,
  "a text after": (text, random) => text + random.pick(["{}", "\u0000", "x", text]),
};

/** One to three changes of a plan. With `fits`, its digest fits again. */
export function mutatePlan(text, other, random) {
  if (random.chance(0.25)) {
    const [name, mutate] = random.pick(Object.entries(textMutations));
    return { name, text: mutate(text, random) };
  }
  const { digest, ...plan } = JSON.parse(text);
  const picked = Array.from({ length: 1 + random.below(3) }, () => random.pick(Object.entries(documentMutations)));
  for (const [, mutate] of picked) mutate(plan, random, JSON.parse(other));
  const fits = random.chance(0.8);
  const names = picked.map(([name]) => name).join(", ");
  const own = Object.hasOwn(plan, "digest") ? {} : { digest: fits ? digestOf(plan) : digest };
  return {
    name: fits ? `${names}, with its digest` : names,
    text: `${JSON.stringify({ ...plan, ...own }, null, 1)}\n`,
  };
}

function digestOf(plan) {
  return createHash("sha256").update(JSON.stringify(plan)).digest("hex");
}

/** Every value in a document, with what holds it. */
function placesIn(value, found = []) {
  if (typeof value !== "object" || value === null) return found;
  for (const key of Object.keys(value)) {
    found.push({ parent: value, key: Array.isArray(value) ? Number(key) : key });
    placesIn(value[key], found);
  }
  return found;
}

/** Half of the time near the top, where most fields of a plan are. */
function pickPlace(plan, random) {
  const places = placesIn(plan);
  const top = places.filter(({ parent }) => parent === plan);
  return random.pick(random.chance(0.3) ? top : places) ?? { parent: plan, key: "kind" };
}

function set({ parent, key }, value) {
  define(parent, key, structuredClone(value));
}

/** Not by assignment: of the key __proto__ that would set another prototype. */
function define(parent, key, value) {
  Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true });
}

function stepsOf({ steps }) {
  return Array.isArray(steps) ? steps.filter((step) => typeof step === "object" && step !== null) : [];
}
