import { record, text } from "./schema-parts.ts";

/** JSON Schema of a line of `portolan watch`: made by `app/watch/watch-log.ts`. Events have further fields. */
export const watchSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Portolan watch event",
  description: "One line of the log: the time, the level, the event, and fields of the event.",
  ...record({
    time: { type: "string", format: "date-time", description: "UTC, RFC 3339." },
    level: { enum: ["info", "warn", "error"] },
    msg: text("The event: synced, no drift, drift, sync failed, waiting, or the message of a diagnostic."),
  }),
  additionalProperties: true,
} as const;
