// The manual page, from what `--help` says. Usage: node scripts/docs/man.mjs [FILE]   (default: dist/man/portolan.1)
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describeCommands } from "./describe-command.mjs";
import { loadSources } from "./load-sources.mjs";

/** `portolan.1` as roff, for man(7) of groff and mandoc. */
export function manPage({ program, version, exitCodes, exitCodeMeanings }) {
  const commands = describeCommands(program);
  const shared = sharedOptions(commands);
  const statuses = Object.entries(exitCodes).map(([name, code]) => tagged(bold(code), roff(exitCodeMeanings[name])));
  return lines(
    `.TH PORTOLAN 1 "" "portolan ${version}" "User Commands"`,
    // Options and addresses are never divided, and lines are not spread.
    ".nh",
    ".ad l",
    section("NAME"),
    roff("portolan - show what Kubernetes Services do on a node, and the rules kube-proxy would program"),
    section("SYNOPSIS"),
    `${bold("portolan")} ${italic("COMMAND")} [${italic("OPTION")}]...`,
    section("DESCRIPTION"),
    roff(program.description()),
    section("COMMANDS"),
    ...commands.map((command) => commandText(command, shared)),
    section("COMMON OPTIONS"),
    "Each command that has one of these options names it.",
    ...optionGroups([...shared.values()]),
    section("EXIT STATUS"),
    ...statuses,
    section("SEE ALSO"),
    [
      ["kubectl", 1],
      ["iptables", 8],
      ["ipset", 8],
      ["ipvsadm", 8],
      ["nft", 8],
      ["conntrack", 8],
    ]
      .map(([name, number]) => `${bold(name)}(${number})`)
      .join(", "),
    ".PP",
    `${bold("portolan serve")} shows the playground and the documentation in a browser.`,
  );
}

/** An option with the same text in several commands is described once. */
const enough = 3;

function sharedOptions(commands) {
  const seen = new Map();
  for (const option of commands.flatMap(({ options }) => options)) {
    const { count = 0 } = seen.get(keyOf(option)) ?? {};
    seen.set(keyOf(option), { option, count: count + 1 });
  }
  const common = [...seen].filter(([, { count }]) => count >= enough);
  return new Map(common.map(([key, { option }]) => [key, option]));
}

function keyOf({ term, description }) {
  return `${term} ${description}`;
}

function commandText(command, shared) {
  const { usage, description, options, examples, exitCodes, notes } = command;
  const isShared = (option) => shared.has(keyOf(option));
  const common = options.filter(isShared).map(({ term }) => bold(term.replace(/ .*$/, "").replace(/,$/, "")));
  return lines(
    `.SS ${roff(usage)}`,
    roff(`${description.charAt(0).toUpperCase()}${description.slice(1)}`),
    ...command.arguments
      .filter((one) => one.description !== "")
      .map(({ term, description: text }) => tagged(italic(term), roff(text))),
    ...optionGroups(options.filter((option) => !isShared(option))),
    ...(common.length === 0 ? [] : [".PP", `Common options: ${common.join(", ")}.`]),
    ...notes.flatMap((note) => [".PP", roff(note)]),
    ...(exitCodes === undefined ? [] : [".PP", roff(`Exit status: ${exitCodes}`)]),
    ...(examples === "" ? [] : [".PP", "Examples:", ".PP", ".RS 4", ".EX", exampleLines(examples), ".EE", ".RE"]),
  );
}

/** Options, those of a group of its own below its heading. */
function optionGroups(options) {
  const groups = [...new Set(options.map(({ group }) => group))];
  return groups.flatMap((group) => [
    ...(group === "Options" ? [] : [".PP", `${roff(group)}:`]),
    ...options
      .filter((option) => option.group === group)
      .map(({ term, description }) => tagged(bold(term), roff(description))),
  ]);
}

const widest = 66;

/** Commands that are too long for a page of 80 columns go on in the next line, as in a shell. */
function exampleLines(text) {
  return text
    .split("\n")
    .flatMap((line) => (line.startsWith("#") ? breakLine(line, "# ", "") : breakLine(line, "    ", " \\")))
    .map(roff)
    .join("\n");
}

function breakLine(line, indent, ending) {
  if (line.length <= widest) return [line];
  const at = line.lastIndexOf(" ", widest - ending.length);
  if (at <= indent.length) return [line];
  return [`${line.slice(0, at)}${ending}`, ...breakLine(`${indent}${line.slice(at + 1)}`, indent, ending)];
}

function section(name) {
  return `.SH ${name}`;
}

function tagged(tag, text) {
  return lines(".TP", tag, ...(text === "" ? ["\\&"] : [text]));
}

function bold(text) {
  return `\\fB${roff(String(text))}\\fR`;
}

function italic(text) {
  return `\\fI${roff(text)}\\fR`;
}

const escapes = { "\\": "\\e", "-": "\\-", "'": "\\(aq", "`": "\\(ga", "^": "\\(ha", "~": "\\(ti" };

/** Text as it is: no character is a request, a quote or a hyphen. */
function roff(text) {
  return text.replace(/[\\\-'`^~]/g, (one) => escapes[one]).replace(/^\./gm, "\\&.");
}

function lines(...texts) {
  return texts.join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = process.argv[2] ?? fileURLToPath(new URL("../../dist/man/portolan.1", import.meta.url));
  const text = `${manPage(await loadSources())}\n`;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  console.log(`${join(file)}: ${text.length} bytes`);
}
