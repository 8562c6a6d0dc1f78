import type { Script, ScriptStep, Step } from "../ir/artifact.ts";

const decoder = new TextDecoder();

/**
 * `apply.sh`: the steps of a script as readable commands, safe to run on a host that already has some or all of the
 * objects. POSIX sh; it reads the files in its directory.
 */
export function printApplyScript(script: Script, node: string): string {
  const tools = [...new Set(script.steps.flatMap(toolsOf))];
  const loaded = new Set(script.steps.filter(holdsClients));
  const helpers = [
    ...(script.steps.some(isJumps) ? [jumpHelper] : []),
    ...(script.steps.some(({ appendsTo }) => appendsTo !== undefined) ? [appendHelper] : []),
    ...(loaded.size > 0 ? [keepClientsHelper] : []),
  ];
  return [header(node), checks(tools), ...helpers, ...script.steps.map((step) => printStep(step, loaded)), ""]
    .join("\n\n")
    .trimEnd()
    .concat("\n");
}

/** The node that an `apply.sh` is for; undefined for any other text. */
export function nodeOfApplyScript(text: string): string | undefined {
  return /^# Programs this host with the rules for node (\S+): /m.exec(text.slice(0, 1000))?.[1];
}

function header(node: string): string {
  return `#!/bin/sh
# Programs this host with the rules for node ${node}: sh apply.sh, as root.
# Own chains are rewritten; jumps into them, sets, virtual servers and addresses are added where they are missing;
# everything else stays as it is. Running it twice changes nothing. What Services that are gone left is not removed.
set -eu
cd -- "$(dirname -- "$0")"`;
}

function checks(tools: readonly string[]): string {
  return `fail() { echo "apply.sh: $1" >&2; exit 4; }
[ "$(id -u)" = 0 ] || fail "must run as root"
for tool in ${tools.join(" ")}; do
  command -v "$tool" >/dev/null 2>&1 || fail "$tool is not installed"
done`;
}

const jumpHelper = ruleHelper("jump", "head", "-I");
const appendHelper = ruleHelper("append", "end", "-A");

/** A function of the script that adds a rule to a built-in chain at this place, unless the chain has it. */
function ruleHelper(name: string, place: string, option: string): string {
  return `# ${name} TOOL TABLE CHAIN RULE...: a rule at the ${place} of a built-in chain, unless it is there
${name}() {
  tool=$1 table=$2
  shift 2
  "$tool" --wait 5 -t "$table" -C "$@" 2>/dev/null || "$tool" --wait 5 -t "$table" ${option} "$@"
}`;
}

/** nftables: `apply` keeps what live sets of session affinity hold, and so does the script. */
const keepClientsHelper = String.raw`# load FILE: in one transaction. A table that is there is emptied and filled, so that its sets of clients (session
# affinity) keep what they hold; where its sets or chains have another shape, nft refuses that and the table is made anew.
load() {
  kept=$(awk '
    FNR == 1 { pass++ }
    FNR == 1 && pass == 2 { printf "%s", flushes }
    /^delete table / { next }
    pass == 2 { print; next }
    /^table / { table = $2 " " $3 }
    /^\t(set|map|chain) / { kind = $1; flush = "flush " kind " " table " " $2 "\n" }
    /^\t\tflags dynamic/ { flush = "" }
    /^\t}/ { flushes = flushes flush }
    /^\t\telements = {/ { skipped = 1 }
    !skipped && (kind != "chain" || !/^\t\t/ || /^\t\ttype /) { print }
    /^\t\t}/ { skipped = 0 }
  ' "$1" "$1") && printf '%s\n' "$kept" | nft -f - 2>/dev/null || nft -f - < "$1"
}`;

function holdsClients({ argv, stdin }: ScriptStep): boolean {
  return argv[0] === "nft" && decoder.decode(stdin).includes("\n\t\tflags dynamic");
}

function isJumps({ file }: Pick<ScriptStep, "file">): boolean {
  return file?.endsWith(".jumps") === true;
}

function toolsOf({ argv, file }: ScriptStep): readonly string[] {
  const tool = argv[0] === "xargs" ? (argv[argv.indexOf("-n") === -1 ? 1 : 3] as string) : (argv[0] as string);
  return [isJumps({ file }) ? tool.replace("-restore", "") : tool];
}

/** Steps that cannot simply be repeated, by their file or command; other steps run unchanged. */
const guarded: Readonly<Record<string, string>> = {
  "nfacct.counters": `while read -r counter; do
  nfacct get "$counter" >/dev/null 2>&1 || nfacct add "$counter"
done < nfacct.counters`,
  "ipvs.restore": `missing=$(ipvsadm -Sn | grep -vxFf - ipvs.restore || :)
[ -z "$missing" ] || echo "$missing" | ipvsadm --restore`,
  "ipvsadm -Sn": "ipvsadm -Sn >/dev/null",
};

function printStep(step: ScriptStep, loaded: ReadonlySet<ScriptStep>): string {
  const command = isJumps(step) ? printJumps(step) : loaded.has(step) ? `load ${step.file}` : printCommand(step);
  return `# ${step.purpose}\n${command}`;
}

function printCommand({ argv, file }: ScriptStep): string {
  const command = argv.join(" ");
  const device = /^ip link add (\S+) /.exec(command)?.[1];
  if (device !== undefined) return `ip link show ${device} >/dev/null 2>&1 || ${command}`;
  return guarded[file ?? command] ?? (file === undefined ? command : `${command} < ${file}`);
}

/**
 * Each jump is inserted at the head of its chain, so the last comes first. Jumps to the chains of Services follow the
 * filter rules and the masquerading.
 */
function printJumps(step: ScriptStep): string {
  const tool = (step.argv[0] as string).replace("-restore", "");
  const jumps: { readonly table: string; readonly rule: string }[] = [];
  let table = "";
  for (const line of decoder.decode(step.stdin).split("\n")) {
    if (line.startsWith("*")) table = line.slice(1);
    else if (line.startsWith("-A ")) jumps.push({ table, rule: line.slice("-A ".length) });
  }
  const rank = ({ table, rule }: (typeof jumps)[number]): number =>
    table === "filter" ? 0 : rule.startsWith("POSTROUTING") ? 1 : 2;
  return jumps
    .reverse()
    .sort((a, b) => rank(a) - rank(b))
    .map(({ table: of, rule }) => `${verbOf(rule, step.appendsTo)} ${tool} ${of} ${rule}`)
    .join("\n");
}

function verbOf(rule: string, appendsTo: ScriptStep["appendsTo"] = []): "jump" | "append" {
  return appendsTo.some((chain) => rule.startsWith(`${chain} `)) ? "append" : "jump";
}

/** Steps as a POSIX script that needs no other file. */
export function printRepairScript(steps: readonly Step[], title: string): string {
  return `#!/bin/sh
# ${title}
# Run it as root. It stops at the first step that fails.
set -eu

${steps.map(printShellStep).join("\n\n")}
`;
}

function printShellStep({ purpose, argv, stdin }: Step): string {
  const command = argv.map(quoteWord).join(" ");
  if (stdin === "") return `# ${purpose}\n${command}`;
  if (unprintable.test(stdin)) return `# ${purpose}\n${printBytes(stdin)} | ${command}`;
  const end = endMark(stdin);
  return `# ${purpose}\n${command} <<'${end}'\n${stdin}${end}`;
}

function endMark(text: string): string {
  let mark = "END";
  while (text.split("\n").includes(mark)) mark += "_";
  return mark;
}

/** Quotes one word of a POSIX shell command. Control characters and others that a terminal hides become escapes. */
export function quoteWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  return unprintable.test(word) ? `"$(${printBytes(word)})"` : quoted(word);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Anything but printable ASCII and line ends. */
const unprintable = /[^\x20-\x7e\n]/;

/** A command that prints a text byte by byte, without a character that could hide something. */
function printBytes(text: string): string {
  const escaped = text.replace(/[^\x20-\x5b\x5d-\x7e\n]/gu, (char) =>
    Array.from(new TextEncoder().encode(char), (byte) => `\\0${byte.toString(8).padStart(3, "0")}`).join(""),
  );
  return `printf %b ${quoted(escaped)}`;
}
