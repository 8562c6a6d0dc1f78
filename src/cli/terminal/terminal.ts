import { styleText } from "node:util";
import type { DiagnosticGroup, Effects, Notice } from "../../app/effects.ts";
import { escapeControls, wrapWords } from "../../diagnostics/printable.ts";
import { type DiagnosticLook, type Paint, renderDiagnostics } from "../../report/diagnostics.ts";
import { realEffects } from "../effects.ts";
import { eraseProgress, reportProgress } from "./progress.ts";
import { messageColumns } from "./width.ts";

/** Where a command prints: its result on stdout, everything else on stderr. */
export interface Terminal {
  readonly effects: Effects;
  readonly print: (text: string | Uint8Array) => void;
  /** Writes to stderr as is. */
  readonly warn: (text: string) => void;
  readonly showDiagnostics: (group: DiagnosticGroup) => void;
  /** Colour of stdout. */
  readonly paint: Paint;
}

/** The terminal of this process, with its progress line. */
export function openTerminal({ color }: ColorFlag): Terminal {
  const write = (stream: NodeJS.WriteStream, text: string | Uint8Array): void => {
    if (text.length === 0) return;
    eraseProgress();
    stream.write(text);
  };
  const paint = painter(process.stderr, color);
  const columns = messageColumns(process.stderr);
  const warn = (text: string): void => write(process.stderr, text);
  let isApart = true;
  const onNotice = (notice: Notice): void => {
    const text = renderNotice(notice, { paint, columns });
    if (text === "") return;
    warn(notice.kind === "diagnostics" && !isApart ? `\n${text}` : text);
    isApart = false;
  };
  return {
    effects: { ...realEffects, onProgress: reportProgress, onNotice },
    print: (text) => write(process.stdout, text),
    warn,
    showDiagnostics: (group) => onNotice({ kind: "diagnostics", groups: [group] }),
    paint: painter(process.stdout, color),
  };
}

function renderNotice(notice: Notice, look: DiagnosticLook): string {
  switch (notice.kind) {
    case "note":
    case "warning":
      return hangingText(`${notice.kind}: `, escapeControls(notice.text), look.columns);
    case "no-proxy-configuration":
      return (
        "note: the cluster has no ConfigMap kube-system/kube-proxy: defaults are used\n" +
        "      (pass --proxy-config FILE to use another configuration)\n"
      );
    case "pods-forbidden":
      return (
        "warning: pods cannot be read, so endpoints are those of the cluster: a new Service\n" +
        "         gets no endpoints, and a changed selector does not change them\n" +
        notice.reason
          .split("\n")
          .map((line) => `         ${escapeControls(line)}\n`)
          .join("")
      );
    case "diagnostics":
      return renderGroups(notice, look);
  }
}

function hangingText(start: string, text: string, columns: number): string {
  return `${start}${wrapWords(text, columns - start.length).join(`\n${" ".repeat(start.length)}`)}\n`;
}

/** Groups under their headings, with a blank line before the summary. */
function renderGroups(
  { groups, summary = "" }: Extract<Notice, { kind: "diagnostics" }>,
  look: DiagnosticLook,
): string {
  const texts = groups.map(({ heading, diagnostics, documents }) => {
    const text = renderDiagnostics(diagnostics, documents, look);
    return heading === undefined ? text : `${escapeControls(heading)}:\n\n${text}\n`;
  });
  const isApart = groups.every(({ heading }) => heading === undefined);
  return texts.join("") + (summary === "" ? "" : `${isApart ? "\n" : ""}${summary}\n`);
}

export type ColorChoice = "auto" | "always" | "never";

/** --color, which every command has that prints diagnostics. */
export interface ColorFlag {
  readonly color: ColorChoice;
}

/** Colour for one stream: --color, then NO_COLOR and FORCE_COLOR, then whether it is a terminal. */
export function painter(stream: { readonly isTTY?: boolean }, choice: ColorChoice): Paint {
  return usesColor(stream, choice)
    ? (style, text) => styleText(style, text, { validateStream: false })
    : (_, text) => text;
}

function usesColor(stream: { readonly isTTY?: boolean }, choice: ColorChoice): boolean {
  if (choice !== "auto") return choice === "always";
  const { NO_COLOR: no = "", FORCE_COLOR: force = "" } = process.env;
  if (force !== "") return force !== "0";
  return no === "" && stream.isTTY === true;
}
