import type { Route } from "../ir/datapath.ts";
import { isRecord } from "../model/fields/fields.ts";

/** Headings of routes in a host document: the commands that print them. */
export const routeHeadings = ["ip -j route", "ip -j -6 route", "ip -6 route"] as const;

/**
 * Reads `ip route` and `ip -6 route`, in the form for people or as JSON (`-j`). Of several routes to one network the one
 * with the lowest metric counts. Undefined for anything else; lines that are not routes are ignored.
 */
export function parseRoutes(text: string): readonly Route[] | undefined {
  const trimmed = text.trim();
  if (trimmed === "") return [];
  const found = trimmed.startsWith("[") ? fromJson(trimmed) : fromLines(trimmed);
  return found && bestOf(found);
}

interface MeasuredRoute extends Route {
  readonly metric: number;
}

function bestOf(routes: readonly MeasuredRoute[]): readonly Route[] {
  const best = new Map<string, MeasuredRoute>();
  for (const route of routes) {
    const known = best.get(route.network);
    if (known === undefined || route.metric < known.metric) best.set(route.network, route);
  }
  return [...best.values()].map(({ metric: _, ...route }) => route);
}

function fromJson(text: string): readonly MeasuredRoute[] | undefined {
  let routes: unknown;
  try {
    routes = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(routes)) return undefined;
  return routes.filter(isRecord).flatMap(({ dst, dev, gateway, via, type, metric, nexthops, pref }) => {
    if (typeof dst !== "string") return [];
    const hops = Array.isArray(nexthops) ? nexthops.filter(isRecord) : [];
    const devices = typeof dev === "string" ? [dev] : hops.map((hop) => String(hop.dev));
    const next = isRecord(via) ? via.host : gateway;
    const isWide = pref !== undefined || (!isRecord(via) && String(gateway).includes(":"));
    return [
      routeOf({
        network: networkOf(dst, isWide),
        devices: isUnicast(type) ? devices : [],
        gateway: typeof next === "string" ? next : undefined,
        metric: typeof metric === "number" ? metric : 0,
      }),
    ];
  });
}

/** Types of routes by which packets leave: all others end their way here. */
function isUnicast(type: unknown): boolean {
  return type === undefined || type === "unicast";
}

const types = "unicast|local|broadcast|multicast|anycast|throw|unreachable|prohibit|blackhole|nat";
const routeLine = new RegExp(`^(?:(${types}) )?(default|[0-9a-f.:]+(?:/\\d{1,3})?)(?= |$)(.*)$`);

function fromLines(text: string): readonly MeasuredRoute[] | undefined {
  // The next hops of a route follow it, indented or not.
  const lines = text.replace(/\n\s*nexthop /g, " nexthop ").split("\n");
  const found = lines.flatMap((line): readonly MeasuredRoute[] => {
    const [, type, network, rest = ""] = routeLine.exec(line.trim()) ?? [];
    if (network === undefined) return [];
    const devices = [...rest.matchAll(/ dev (\S+)/g)].map(([, device = ""]) => device);
    const [, gateway] = / via (?:inet6? )?(\S+)/.exec(rest) ?? [];
    const metric = Number(/ metric (\d+)/.exec(rest)?.[1] ?? 0);
    const isWide = rest.includes(" pref ") || / via [0-9a-f]*:/.test(rest);
    const onward = isUnicast(type) ? devices : [];
    return [routeOf({ network: networkOf(network, isWide), devices: onward, gateway, metric })];
  });
  return found.length === 0 ? undefined : found;
}

/** An IPv6 default route has no address that shows its family; `pref` is printed of IPv6 routes only. */
function networkOf(text: string, isWide: boolean): string {
  return text === "default" ? (isWide ? "::/0" : "0.0.0.0/0") : text;
}

interface FoundRoute {
  readonly network: string;
  readonly devices: readonly string[];
  readonly gateway: string | undefined;
  readonly metric: number;
}

function routeOf({ network, devices, gateway, metric }: FoundRoute): MeasuredRoute {
  const [device, ...others] = new Set(devices);
  return {
    network,
    device: others.length > 0 ? undefined : device,
    ...(gateway === undefined ? {} : { gateway }),
    metric,
  };
}
