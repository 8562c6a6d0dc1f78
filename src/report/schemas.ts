import { checkReportSchema } from "./schema-check.ts";
import { compileSchema } from "./schema-compile.ts";
import { diffSchema } from "./schema-diff.ts";
import { explainSchema } from "./schema-explain.ts";
import { migrateSchema } from "./schema-migrate.ts";
import { packetSchema } from "./schema-packet.ts";
import { planSchema } from "./schema-plan.ts";
import { tourSchema } from "./schema-tour.ts";
import { verifySchema } from "./schema-verify.ts";
import { watchSchema } from "./schema-watch.ts";

/** JSON Schemas of Portolan's documents, by the name that `portolan schema` takes. */
export const schemas: Readonly<Record<string, NamedSchema>> = {
  check: { of: "portolan check, as JSON", schema: checkReportSchema },
  compile: { of: "portolan compile, as JSON or YAML", schema: compileSchema },
  diff: { of: "portolan diff, as JSON", schema: diffSchema },
  explain: { of: "portolan explain, as JSON", schema: explainSchema },
  migrate: { of: "portolan migrate, as JSON", schema: migrateSchema },
  packet: { of: "portolan explain packet, as JSON", schema: packetSchema },
  tour: { of: "portolan tour, as JSON", schema: tourSchema },
  plan: { of: "portolan plan --out, and as JSON", schema: planSchema },
  verify: { of: "portolan verify, as JSON", schema: verifySchema },
  watch: { of: "a line of portolan watch", schema: watchSchema },
};

export interface NamedSchema {
  /** What prints such documents. */
  readonly of: string;
  readonly schema: object;
}
