/** The steps that a plan for this host has. */
export function stepsTo(host, { flags }) {
  return JSON.parse(host.portolan(["plan", ...flags, "-o", "json"]).stdout).steps;
}

/** One after the other; the time of their processes. */
export function runSteps(host, steps) {
  return steps.reduce((sum, { argv, stdin }) => sum + host.run(argv, { input: stdin }).milliseconds, 0);
}

export function bytesOf(steps) {
  return steps.reduce((sum, { stdin }) => sum + stdin.length, 0);
}

/** Lines as iptables-save prints them, without dates and in no order. */
export function rulesOn(host) {
  const lines = host.run(["iptables-save"]).stdout.toString().split("\n");
  return lines.filter((line) => !line.startsWith("#")).sort();
}

export function expectEqual(rules, others) {
  const at = rules.findIndex((line, index) => line !== others[index]);
  if (at >= 0 || rules.length !== others.length)
    throw new Error(`the rules differ: ${rules[at]} here, ${others[at]} there`);
}
