import { diffSchema } from "./schema-diff.ts";
import { explainSchema } from "./schema-explain.ts";
import { migrateSchema } from "./schema-migrate.ts";
import { packetSchema } from "./schema-packet.ts";
import { planSchema } from "./schema-plan.ts";
import { tourSchema } from "./schema-tour.ts";

/** JSON Schemas of Portolan's documents, by the name that `portolan schema` takes. */
export const schemas: Readonly<Record<string, NamedSchema>> = {
  diff: { of: "portolan diff, as JSON", schema: diffSchema },
  explain: { of: "portolan explain CHAIN|SET|ELEMENT|RULE, as JSON", schema: explainSchema },
  migrate: { of: "portolan migrate, as JSON", schema: migrateSchema },
  packet: { of: "portolan explain packet, as JSON", schema: packetSchema },
  tour: { of: "portolan tour, as JSON", schema: tourSchema },
  plan: { of: "portolan plan --out, and as JSON", schema: planSchema },
};

export interface NamedSchema {
  /** What prints such documents. */
  readonly of: string;
  readonly schema: object;
}
