import { type HostDocument, type HostText, toolNames } from "../../ir/artifact.ts";
import { type CommandInLanguage, collectCommands, languageOf } from "../../languages/registry.ts";
import type { Family } from "../../model/address.ts";

export const nameCommand = "uname -n";

/** The headings of a collected document, in the order of the commands. None of the commands changes anything. */
export const collectHeadings: readonly string[] = [nameCommand, ...collectCommands.map(({ command }) => command)];

const commandsByHeading: ReadonlyMap<string, CommandInLanguage> = new Map(
  collectCommands.map((command) => [command.command, command]),
);

/** Without this file there is nothing to read, and the tool would load the kernel module. */
export function neededFile(heading: string): string | undefined {
  return commandsByHeading.get(heading)?.needs;
}

/** Whether a command would only repeat another on a host whose tools have these versions, by command. */
export function isRepeated(heading: string, versionOf: (command: string) => string): boolean {
  const { beside, family } = commandsByHeading.get(heading) ?? {};
  return beside !== undefined && languageOf.iptables.backEnds.inVersion(versionOf(versionCommand(family))) !== beside;
}

function versionCommand(family: Family = "ipv4"): string {
  return `${toolNames[family]} --version`;
}

/** Newer documents have more headings; the version determines which. */
const documentVersion = 3;

const firstHeading = "==> portolan collect v1alpha1 <==";
const versionHeading = "version";
const lastHeading = "==> end <==";
const failureMark = "#! ";

/** The result of collect: by heading, the output of a command, or the reason why it failed. */
export interface CollectedTexts {
  readonly texts: Readonly<Partial<Record<string, string>>>;
  readonly failures: Readonly<Partial<Record<string, string>>>;
}

/** The document of a fully collected host. A command without output and without failure has an empty text. */
export function collectedDocument({ texts, failures }: CollectedTexts): HostDocument {
  const isAsked = (heading: string): boolean =>
    texts[heading] !== undefined || !isRepeated(heading, (command) => texts[command] ?? "");
  const asked = collectHeadings.filter((heading) => failures[heading] === undefined && isAsked(heading));
  const known = Object.entries(failures).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return {
    kind: "collected",
    version: documentVersion,
    name: texts[nameCommand]?.trim() || undefined,
    texts: asked.flatMap((heading) => hostText(heading, { file: heading, text: texts[heading] ?? "", source: 0 }, 1)),
    failures: Object.fromEntries(known),
  };
}

function hostText(
  heading: string,
  part: Pick<HostText, "file" | "text" | "source">,
  firstLine: number,
): readonly HostText[] {
  const command = commandsByHeading.get(heading);
  if (command === undefined) return [];
  return [{ ...part, heading, language: command.language, family: command.family, origins: [], firstLine }];
}

/** One text: each output under its heading, and an end marker that shows that the document is complete. */
export function printDocument({ name, version, texts, failures }: HostDocument): string {
  const bodies = new Map(texts.map(({ heading, text }) => [heading, text]));
  if (name !== undefined) bodies.set(nameCommand, name);
  for (const [heading, failure] of Object.entries(failures)) {
    bodies.set(heading, `${failureMark}${failure.replace(/\s+/g, " ")}`);
  }
  const sections = collectHeadings.flatMap((heading) => {
    const body = bodies.get(heading);
    return body === undefined ? [] : [section(heading, body)];
  });
  return [`${firstHeading}\n`, section(versionHeading, `${version}`), ...sections, `${lastHeading}\n`].join("");
}

function section(heading: string, body: string): string {
  return `==> ${heading} <==\n${body}${body.endsWith("\n") || body === "" ? "" : "\n"}`;
}

export type ParsedDocument =
  | { readonly kind: "document"; readonly document: HostDocument }
  | { readonly kind: "broken"; readonly message: string };

/**
 * Reads the output of `portolan collect` or of the script that it prints. Unknown headings are from a newer version and
 * ignored; missing ones were not collected. Blank lines around sections and leading comments are ignored. `start`: the
 * offset of the document in the text.
 */
export function parseDocument(source: Pick<HostText, "file" | "text" | "source">, start = 0): ParsedDocument {
  const unified = source.text.replaceAll("\r\n", "\n");
  const above =
    start > 0
      ? source.text.slice(0, start).replaceAll("\r\n", "\n")
      : (/^(?:[ \t]*(?:#.*)?\n)*/.exec(unified)?.[0] ?? "");
  if (!unified.startsWith(`${firstHeading}\n`, above.length))
    return { kind: "broken", message: `it does not begin with "${firstHeading}"` };
  if (!unified.trimEnd().endsWith(`\n${lastHeading}`))
    return { kind: "broken", message: `it is truncated: it does not end with "${lastHeading}"` };
  const sections = sectionsOf(unified, above.length);
  const texts: HostText[] = [];
  const failures: Record<string, string> = {};
  let name: string | undefined;
  let version = 1;
  for (const { heading, body, firstLine } of sections) {
    const failure = failureIn(body);
    if (failure !== undefined) failures[heading] = failure;
    else if (heading === nameCommand) name = body.trim() || undefined;
    else if (heading === versionHeading) version = Number(body.trim()) || version;
    else texts.push(...hostText(heading, { ...source, text: body }, firstLine));
  }
  return { kind: "document", document: { kind: "collected", version, name, texts, failures } };
}

/** A tool that fails may have printed something before. */
function failureIn(body: string): string | undefined {
  const at = body.startsWith(failureMark) ? 0 : body.indexOf(`\n${failureMark}`) + 1;
  if (at === 0 && !body.startsWith(failureMark)) return undefined;
  const end = body.indexOf("\n", at);
  return body.slice(at + failureMark.length, end < 0 ? undefined : end);
}

interface Section {
  readonly heading: string;
  readonly body: string;
  readonly firstLine: number;
}

/** The texts under headings; of a repeated heading the first counts. */
function sectionsOf(text: string, start: number): readonly Section[] {
  const sections = new Map<string, Section>();
  let line = 1;
  let counted = 0;
  for (let at = start; at >= 0; ) {
    const end = text.indexOf("\n", at);
    const [, heading = ""] = /^==> (.*) <==\s*$/.exec(text.slice(at, end < 0 ? undefined : end)) ?? [];
    const next = end < 0 ? -1 : text.indexOf("\n==> ", end);
    for (let each = text.indexOf("\n", counted); each >= 0 && each <= end; each = text.indexOf("\n", each + 1)) {
      line += 1;
      counted = each + 1;
    }
    const body = end < 0 ? "" : text.slice(end + 1, next < 0 ? undefined : next + 1);
    if (!sections.has(heading)) sections.set(heading, { heading, body, firstLine: line });
    at = next < 0 ? -1 : next + 1;
  }
  return [...sections.values()];
}

/** A POSIX script that prints the same document, for a host without Portolan. */
export function printCollectScript(): string {
  const runs = collectHeadings.map((command) => {
    const { needs, beside, family } = commandsByHeading.get(command) ?? {};
    const run = needs === undefined ? `run ${command}` : `run_if ${needs} ${command}`;
    return beside === undefined ? run : `! is_${beside} ${versionCommand(family)} || ${run}`;
  });
  return `#!/bin/sh
# Prints what \`portolan plan --actual FILE\` and \`portolan verify --actual FILE\` read of this host. Run it as root;
# it changes nothing.
set -fu

if [ "$(id -u)" != 0 ]; then
  echo "collect: run it as root: it would see only a part" >&2
  exit 4
fi

run() {
  printf '\\n==> %s <==\\n' "$*"
  if ! command -v "$1" >/dev/null 2>&1; then
    echo '${failureMark}not installed'
    return
  fi
  { said=$("$@" 2>&1 >&3) || echo "${failureMark}exit $?:" $said; } 3>&1
}

run_if() {
  file=$1
  shift
  if [ -e "$file" ]; then
    run "$@"
  else
    printf '\\n==> %s <==\\n${failureMark}no %s\\n' "$*" "$file"
  fi
}

is_nft() {
  case $("$@" 2>/dev/null) in *nf_tables*) return 0 ;; *) return 1 ;; esac
}

is_legacy() {
  ! is_nft "$@"
}

echo '${firstHeading}'
printf '==> ${versionHeading} <==\\n${documentVersion}\\n'
${runs.join("\n")}
printf '\\n${lastHeading}\\n'
`;
}
