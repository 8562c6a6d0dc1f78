import { Failure } from "../app/effects.ts";
import { escapeControls } from "../diagnostics/printable.ts";
import type { OutputDirectory, WriteFailure } from "../host/files/write-files.ts";
import { plural } from "../report/words.ts";

type Writers = typeof import("../host/files/write-files.ts");

/** Writes files of a command. Throws a Failure that says what was written. */
export async function writeOutputs(write: (writers: Writers) => WriteFailure | undefined): Promise<void> {
  const failure = write(await import("../host/files/write-files.ts"));
  if (failure !== undefined) throw new Failure(failure.message, failure.kind);
}

/** `rules: 3 files written (apply.sh, iptables.jumps, iptables.restore)`, or the files of each of several folders. */
export function describeWritten(outputs: readonly OutputDirectory[]): string {
  const lines = outputs.map(({ directory, files }) => {
    const names = files.map(({ name }) => name).sort();
    const listed = names.length > mostNames ? `${names.slice(0, mostNames).join(", ")} and more` : names.join(", ");
    return `${escapeControls(directory)}: ${plural(files.length, "file")} written (${escapeControls(listed)})\n`;
  });
  const more = lines.length - mostFolders;
  if (more <= 0) return lines.join("");
  return `${lines.slice(0, mostFolders).join("")}... and ${plural(more, "more folder")}\n`;
}

const mostNames = 12;
const mostFolders = 5;
