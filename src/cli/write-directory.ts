import { type OutputFile, writeFiles } from "../host/files/write-files.ts";
import { reasonOf } from "../host/sources/read-sources.ts";
import { CommandFailure, exitCodes } from "./exit-codes.ts";

const reasons: Readonly<Record<string, string>> = { EEXIST: "it is a file", ENOTDIR: "a part of it is a file" };

/** Makes a directory hold exactly `files` among `known` names. Ends the command, with nothing changed, where it cannot. */
export function writeDirectory(directory: string, files: readonly OutputFile[], known: readonly string[]): void {
  try {
    writeFiles(directory, files, known);
  } catch (error) {
    const reason = reasons[(error as NodeJS.ErrnoException).code ?? ""] ?? reasonOf(error);
    throw new CommandFailure(
      `cannot write to ${directory}: ${reason}; nothing there was changed`,
      exitCodes.environment,
    );
  }
}
