const builtIn = new Set(["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]);

/** What would make a restore stumble, or do more than fill our own chains (`restore`) or add jumps (`jumps`). */
export function restoreFormFaults(text, kind) {
  const form = { kind, faults: [], tables: [], declared: undefined };
  if (!text.endsWith("\n")) form.faults.push("the last line has no line end");
  for (const line of text.split("\n").slice(0, -1)) readLine(form, line);
  if (form.declared !== undefined) form.faults.push(`*${form.tables.at(-1)} has no COMMIT`);
  if (form.tables.join() !== "filter,nat") form.faults.push(`tables are ${form.tables.join(", ")}, not filter, nat`);
  return form.faults;
}

function readLine(form, line) {
  if (line.startsWith("*")) {
    if (form.declared !== undefined) form.faults.push(`*${form.tables.at(-1)} has no COMMIT`);
    form.tables.push(line.slice(1));
    form.declared = new Set();
  } else if (form.declared === undefined) form.faults.push(`outside a table: ${line}`);
  else if (line === "COMMIT") form.declared = undefined;
  else if (line.startsWith(":")) readDeclaration(form, line);
  else if (line.startsWith("-A ")) readRule(form, line);
  else form.faults.push(`neither a declaration nor a rule: ${line}`);
}

function readDeclaration(form, line) {
  const name = line.slice(1, line.indexOf(" "));
  if (form.kind === "jumps" || builtIn.has(name)) form.faults.push(`${name} must not be declared here`);
  if (!line.endsWith(" - [0:0]")) form.faults.push(`not ":CHAIN - [0:0]": ${line}`);
  if (form.declared.has(name)) form.faults.push(`${name} is declared twice`);
  form.declared.add(name);
}

function readRule(form, line) {
  const [, chain] = line.split(" ", 2);
  const isAtHome = form.kind === "jumps" ? builtIn.has(chain) : form.declared.has(chain);
  if (!isAtHome)
    form.faults.push(
      `a rule in chain ${chain}, which ${form.kind === "jumps" ? "is not built in" : "was not declared"}`,
    );
}
