// What the generated pages and the manual are made of: the same values that the program prints.
import { exitCodeMeanings, exitCodes, portolanVersion } from "../../src/cli/exit-codes.ts";
import { createProgram } from "../../src/cli/program.ts";
import { schemas } from "../../src/cli/schemas.ts";
import { catalog } from "../../src/diagnostics/catalog.ts";
import { toHash } from "../../src/web/page/state.ts";
import { defaultSettings } from "../../src/web/protocol.ts";

/** `program` has every command. */
export async function readSources() {
  const program = await createProgram("portolan", () => {}, undefined);
  const version = portolanVersion();
  return { version, program, catalog, schemas, exitCodes, exitCodeMeanings, toHash, defaultSettings };
}
