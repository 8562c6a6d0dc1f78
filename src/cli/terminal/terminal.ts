import { styleText } from "node:util";
import type { DiagnosticGroup, Effects, Notice } from "../../app/effects.ts";
import { escapeControls } from "../../diagnostics/printable.ts";
import { type Paint, renderDiagnostics } from "../../report/diagnostics.ts";
import { realEffects } from "../effects.ts";

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
  const progress = startProgress(process.stderr);
  const write = (stream: NodeJS.WriteStream, text: string | Uint8Array): void => {
    progress.end();
    stream.write(text);
  };
  const paint = painter(process.stderr, color);
  const warn = (text: string): void => write(process.stderr, text);
  const onNotice = (notice: Notice): void => warn(renderNotice(notice, paint));
  return {
    effects: { ...realEffects, onProgress: progress.report, onNotice },
    print: (text) => write(process.stdout, text),
    warn,
    showDiagnostics: (group) => onNotice({ kind: "diagnostics", groups: [group] }),
    paint: painter(process.stdout, color),
  };
}

function renderNotice(notice: Notice, paint: Paint): string {
  switch (notice.kind) {
    case "note":
    case "warning":
      return `${notice.kind}: ${escapeControls(notice.text)}\n`;
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
      return renderGroups(notice, paint);
  }
}

/** Groups under their headings, with a blank line before the summary. */
function renderGroups({ groups, summary = "" }: Extract<Notice, { kind: "diagnostics" }>, paint: Paint): string {
  const texts = groups.map(({ heading, diagnostics, documents }) => {
    const text = renderDiagnostics(diagnostics, documents, paint);
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

export interface Progress {
  readonly report: (what: string) => void;
  /** Clears the line; the next report shows it again. */
  readonly end: () => void;
}

const patience = 500;

/** One line that shows the current activity; only on a terminal, and only after half a second. */
export function startProgress(stream: NodeJS.WriteStream): Progress {
  const start = performance.now();
  let isShown = false;
  const clear = "\r\x1b[K";
  return {
    report: (what) => {
      if (!stream.isTTY || performance.now() - start < patience) return;
      isShown = true;
      stream.write(`${clear}${escapeControls(what)} ...`);
    },
    end: () => {
      if (isShown) stream.write(clear);
      isShown = false;
    },
  };
}
