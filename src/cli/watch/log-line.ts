import { escapeInJson } from "../../review/render/json.ts";

export type LogLevel = "info" | "warn" | "error";

/** What happened, with counts and names; every value is one of JSON. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Tells what happens, a line each. */
export type Log = (level: LogLevel, msg: string, fields?: LogFields) => void;

/** A line of JSON: time, level, msg, then the fields. Names from the cluster cannot reach a terminal as controls. */
export function logLine(time: Date, level: LogLevel, msg: string, fields: LogFields = {}): string {
  return `${escapeInJson(JSON.stringify({ time: time.toISOString(), level, msg, ...fields }))}\n`;
}
