import type { LanguageId } from "../ir/artifact.ts";
import type { AnyLanguage, TextForm } from "./language.ts";

/** The lines of one form that follow each other in a text. */
export interface TextSection {
  readonly language: LanguageId;
  readonly form: TextForm;
  /** The command of a prompt above. */
  readonly command: string | undefined;
  readonly firstLine: number;
  /** From `firstLine` on; empty for lines that are not of the section. */
  readonly lines: readonly string[];
  /** Whether all of it stands in one line of the text, as a value in a log. */
  readonly isQuoted: boolean;
}

export interface DividedSections {
  readonly sections: readonly TextSection[];
  /** Lines that are of no form. */
  readonly leftOut: readonly { readonly line: number; readonly text: string }[];
}

interface OpenSection extends TextSection {
  readonly lines: string[];
  depth: number;
}

/**
 * Finds the texts of tools in a text as people have it: output of several tools in one file, pasted from a page, a
 * terminal or a log.
 */
export function divideText(text: string, languages: readonly AnyLanguage[]): DividedSections {
  const sections: OpenSection[] = [];
  const leftOut: { line: number; text: string }[] = [];
  let current: OpenSection | undefined;
  let command: string | undefined;
  let line = 0;
  for (const raw of linesOf(text)) {
    line += 1;
    const quoted = quotedRules(raw);
    if (quoted !== undefined) {
      const inner = divideText(quoted, languages).sections;
      sections.push(
        ...inner.map((each) => ({ ...each, lines: [...each.lines], firstLine: line, isQuoted: true, depth: 0 })),
      );
      current = undefined;
      continue;
    }
    if (raw.length > longestLine && !jsonOfTools.test(raw) && (current?.depth ?? 0) === 0) {
      leftOut.push({ line, text: raw.slice(0, longestLine) });
      continue;
    }
    const plain = withoutSurroundings(raw);
    if (plain === "" || isFence(plain)) continue;
    const prompted = commandAt(plain);
    if (prompted !== undefined) {
      command = prompted;
      current = undefined;
      continue;
    }
    const found = formOf(plain, current, languages);
    if (found === undefined) {
      if (!plain.startsWith("#")) leftOut.push({ line, text: plain });
      continue;
    }
    if (current === undefined || found.form !== current.form) {
      current = { ...found, command, firstLine: line, lines: [], isQuoted: false, depth: 0 };
      sections.push(current);
    }
    while (current.lines.length < line - current.firstLine) current.lines.push("");
    current.lines.push(plain);
    current.depth = current.form.depthAfter?.(plain, current.depth) ?? 0;
  }
  return { sections, leftOut };
}

function* linesOf(text: string): Generator<string> {
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    yield text.slice(start, end);
    start = end + 1;
  }
}

type FoundForm = Pick<TextSection, "language" | "form">;

function formOf(
  line: string,
  current: OpenSection | undefined,
  languages: readonly AnyLanguage[],
): FoundForm | undefined {
  if (current !== undefined && (current.form.begins(line) || isNested(current))) return current;
  for (const { id, forms } of languages) {
    const form = forms.find(({ begins }) => begins(line));
    if (form !== undefined) return { language: id, form };
  }
  return current !== undefined && ((current.depth > 0 && !isElision(line)) || current.form.continues?.(line) === true)
    ? current
    : undefined;
}

/** In brackets that other brackets may be in; a table of rules may be cut off, and something else follow. */
function isNested({ form, depth }: OpenSection): boolean {
  return form.isNested === true && depth > 0;
}

/** What people write where they leave something out. */
function isElision(line: string): boolean {
  return /^(?:\[?\(?(?:\.{2,}|…)\)?\]?|<?snip>?)$/i.test(line);
}

/** A line without indentation, quoting marks, typographic quotes, line ends, and the head of a log line. */
function withoutSurroundings(raw: string): string {
  const text = raw.trim();
  if (text === "" || plainStart.has(text.charCodeAt(0))) return withoutTypography(text);
  const unquoted = text.replace(/^(?:>\s?)+/, "").trim();
  const [logged, head] = logHead.exec(unquoted) ?? [];
  const body =
    logged === undefined ? unquoted : (rulesAtEnd.exec(unquoted)?.[0] ?? (head === undefined ? "" : unquoted));
  // The number that grep -n prints.
  return withoutTypography(body.replace(/^\d+[:-](?=-[A-Z] |:[A-Z]|\*[a-z]|COMMIT$)/, ""));
}

/** `-`, `:`, `*`, `#`: lines of iptables-save, nearly all of a large text. */
const plainStart: ReadonlySet<number> = new Set([0x2d, 0x3a, 0x2a]);

function withoutTypography(text: string): string {
  return /[“”]/.test(text) ? text.replace(/[“”]/g, '"') : text;
}

/** `I0117 10:00:00.000000       1 proxier.go:1512] `, perhaps with the head of another log before it. */
const logHead = /^(?:.{0,200}?\s)?([IWEF]\d{4} \d\d:\d\d:\d\d\.\d+\s+\d+ [\w.-]+:\d+\] )/;
const rulesAtEnd = /\*(?:filter|nat|mangle|raw|security)$/;

/** `rules="*nat\\n:KUBE-SERVICES - [0:0]\\n..."`, as kube-proxy logs the input of iptables-restore. */
function quotedRules(line: string): string | undefined {
  const start = /"(?:#[^"\\]{0,200}\\n)?\*[a-z]+\\n/.exec(line)?.index;
  if (start === undefined) return undefined;
  // No regular expression: the value may have many megabytes.
  let end = start + 1;
  while (end < line.length && line[end] !== '"') end += line[end] === "\\" ? 2 : 1;
  try {
    return String(JSON.parse(line.slice(start, end + 1)));
  } catch {
    return undefined;
  }
}

const jsonOfTools = /^(?:\[|\{"nftables":)/;

/** No tool prints longer lines but of JSON; patterns need not be tried on those. */
const longestLine = 4096;

function isFence(line: string): boolean {
  return /^(?:```.*|~~~.*|<\/?(?:pre|code)[^>]*>|\[\/?code\]|\{(?:code|noformat)[^}]*\})$/i.test(line);
}

const toolNames =
  "ip6?tables(?:-legacy|-nft)?(?:-save|-restore)?|ipset|ipvsadm|conntrack|ip|nft|sysctl|cat|kubectl|grep|egrep|zcat|ssh|docker|crictl|nsenter|portolan";
const prompt = new RegExp(
  `^(?:\\[?[\\w.-]+@[\\w.-]+[^#$%]{0,80}[#$%]|(?:ba|z)?sh-[\\d.]+[#$]|[~/][\\w./~-]* ?[#$]|[#$%])\\s*((?:sudo\\s+(?:-\\S+\\s+)*)?(?:${toolNames})(?:\\s.*)?)$`,
);

/** The command of a line with a prompt: `root@node1:~# iptables -t nat -S`. */
function commandAt(line: string): string | undefined {
  const [, command] = prompt.exec(line) ?? [];
  return (
    command ??
    (/^(?:sudo )(?:-\S+ )*/.test(line) && new RegExp(`^sudo (?:-\\S+ )*(?:${toolNames})\\b`).test(line)
      ? line
      : undefined)
  );
}
