import { type Family, parseIp, specialRange } from "../address.ts";
import { isRecord } from "../fields/fields.ts";
import { isDnsSubdomain } from "../fields/names.ts";
import type { SliceEndpoint } from "./endpoint-slice.ts";

const noHints: readonly string[] = [];

/**
 * Reads an endpoint in which all is as usual; undefined for any other, which parseSliceEndpoint reads with care and
 * words. Clusters have hundreds of thousands of them: this takes a third of the time and makes nothing but the result.
 */
export function readPlainEndpoint(value: unknown, index: number, family: Family): SliceEndpoint | undefined {
  if (!isRecord(value)) return undefined;
  let ip: string | undefined;
  let nodeName: string | undefined;
  for (const key in value) {
    const field = value[key];
    if (key === "addresses") ip = plainAddress(field, family);
    else if (key === "nodeName" && typeof field === "string" && isDnsSubdomain(field)) nodeName = field;
    else if (
      key === "targetRef" ? !isTextMap(field) : key === "zone" ? typeof field !== "string" : key !== "conditions"
    ) {
      return undefined;
    }
  }
  const conditions = value.conditions ?? {};
  if (ip === undefined || !isRecord(conditions)) return undefined;
  const { ready = true, serving = true, terminating = false } = conditions;
  if (typeof ready !== "boolean" || typeof serving !== "boolean" || typeof terminating !== "boolean") return undefined;
  return { ip, ready, serving, terminating, nodeName, zoneHints: noHints, nodeHints: noHints, index };
}

/** The only address, spelled canonically and fit for traffic. */
function plainAddress(addresses: unknown, family: Family): string | undefined {
  if (!Array.isArray(addresses) || addresses.length !== 1) return undefined;
  const text: unknown = addresses[0];
  const ip = typeof text === "string" ? parseIp(text) : undefined;
  const isPlain = ip !== undefined && ip.text === text && ip.family === family && specialRange(ip) === undefined;
  return isPlain ? ip.text : undefined;
}

function isTextMap(value: unknown): boolean {
  if (!isRecord(value)) return false;
  for (const key in value) if (typeof value[key] !== "string") return false;
  return true;
}
