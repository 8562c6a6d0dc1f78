import { Failure } from "../app/effects.ts";
import type { WriteFailure } from "../host/files/write-files.ts";

type Writers = typeof import("../host/files/write-files.ts");

/** Writes files of a command. Throws a Failure that says what was written. */
export async function writeOutputs(write: (writers: Writers) => WriteFailure | undefined): Promise<void> {
  const failure = write(await import("../host/files/write-files.ts"));
  if (failure !== undefined) throw new Failure(failure.message, failure.kind);
}
