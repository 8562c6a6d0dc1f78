import { createHash } from "node:crypto";
import type { Effects, Machine, Notice } from "../../src/app/effects.ts";
import { readActual } from "../../src/host/files/read-actual.ts";
import type { Run } from "../../src/host/run-step.ts";
import type { Step } from "../../src/ir/artifact.ts";
import { collectHeadings } from "../../src/reconcile/live/collected-document.ts";
import { renderDiagnostics } from "../../src/report/diagnostics.ts";
import type { SimulatedHost } from "./simulated-host.ts";

/** A command of this process on a simulated host: what it reads, ran and printed. */
export interface HostedEffects {
  readonly effects: Effects;
  /** The steps that ran on the host. */
  readonly ran: readonly Step[];
  /** The notices, as the terminal shows them. */
  readonly notices: () => string;
}

/** Answers a command that reads the host; `texts` replaces what tools print, `failures` makes them fail. */
export type Answer = (
  command: string,
  said: { stdout: string; failure: string | undefined },
) => {
  stdout: string;
  failure: string | undefined;
};

/** `files` are those that a command may read, by path; a file of cluster state holds one JSON object a line. */
export function effectsOn(
  host: SimulatedHost,
  files: Readonly<Record<string, string>>,
  answer: Answer | undefined = (_, said) => said,
): HostedEffects {
  const ran: Step[] = [];
  const notices: Notice[] = [];
  const run: Run = async (argv, stdin) => {
    const command = argv.join(" ");
    const loadsIpvs = command === "ipvsadm -Sn" && host.timeouts === undefined;
    if (collectHeadings.includes(command) && !loadsIpvs) {
      const { texts, failures } = host.dump();
      const said = answer(command, { stdout: texts[command] ?? "", failure: failures[command] });
      return { ...said, stderr: "" };
    }
    try {
      host.run({ purpose: "", argv, stdin });
      ran.push({ purpose: "", argv, stdin });
      return { stdout: "", stderr: "", failure: undefined };
    } catch (error) {
      return { stdout: "", stderr: "", failure: String(error) };
    }
  };
  const machine: Machine = {
    host: { run, exists: (path) => path !== "/proc/net/ip_vs" || host.timeouts !== undefined },
    unreadableReason: () => undefined,
    preflight: async () => [],
    kubeProxyHere: () => undefined,
    holdApplyLock: async () => () => {},
    writeBackup: () => ({ kind: "kept", path: "backup.txt" }),
  };
  const effects: Effects = {
    sources: {
      readInputs: async ({ filenames }) => {
        const documents = filenames.flatMap((name) => documentsIn(name, files[name] ?? ""));
        const none = { proxyConfigDocument: undefined, overlaysFrom: undefined };
        return { documents, valueCount: documents.length, ...none };
      },
      readLive: () => Promise.reject(new Error("no cluster here")),
      findSource: () => Promise.reject(new Error("no other sources here")),
      readActual,
      readText: (path) => {
        const text = files[path];
        return text === undefined ? { kind: "unreadable", reason: "no such file" } : { kind: "text", text };
      },
    },
    version: "0.0.0-test",
    sha256: (text) => createHash("sha256").update(text).digest("hex"),
    machine: async () => machine,
    onProgress: () => {},
    onNotice: (notice) => notices.push(notice),
  };
  return { effects, ran, notices: () => notices.map(noticeText).join("") };
}

function documentsIn(name: string, text: string) {
  const source = { name, text };
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => ({ value: JSON.parse(line) as unknown, source, form: { kind: "none" as const } }));
}

function noticeText(notice: Notice): string {
  if (notice.kind === "note" || notice.kind === "warning") return `${notice.kind}: ${notice.text}\n`;
  if (notice.kind !== "diagnostics") return `${notice.kind}\n`;
  const plain = (_: unknown, text: string): string => text;
  return notice.groups
    .map(({ diagnostics, documents }) => renderDiagnostics(diagnostics, documents, { paint: plain, columns: Infinity }))
    .join("");
}
