import { deflateSync, inflateSync, strFromU8, strToU8 } from "fflate";
import { defaultSettings, type PacketQuestion, type Settings, type TextFile } from "../protocol.ts";

export const panes = ["traffic", "rules", "problems", "diff"] as const;
export type Pane = (typeof panes)[number];

/** What the page shows, as a link keeps it. */
export interface PageState {
  readonly files: readonly TextFile[];
  /** The proposed files; undefined: none are proposed. */
  readonly proposed: readonly TextFile[] | undefined;
  /** Which of the two the page shows. */
  readonly side: "now" | "proposed";
  readonly settings: Settings;
  /** Undefined: the first packet that makes sense. */
  readonly packet: PacketQuestion | undefined;
  readonly pane: Pane;
}

/** The files of the side that is shown. */
export function shownFiles({ files, proposed, side }: PageState): readonly TextFile[] {
  return side === "proposed" ? (proposed ?? files) : files;
}

/** Longer links are refused by chat programs and mail. */
export const longestLink = 30_000;

/** The state as the text behind `#`. */
export function toHash(state: PageState): string {
  const packed = deflateSync(strToU8(JSON.stringify(state)), { level: 9 });
  return `s=${toBase64Url(packed)}`;
}

/** The state of a link; undefined for anything else. */
export function fromHash(hash: string): PageState | undefined {
  const [, packed] = /^#?s=([\w-]+)$/.exec(hash) ?? [];
  if (packed === undefined || packed.length > longestLink) return undefined;
  try {
    return readState(JSON.parse(strFromU8(inflateSync(fromBase64Url(packed)))));
  } catch {
    return undefined;
  }
}

function toBase64Url(bytes: Uint8Array): string {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function fromBase64Url(text: string): Uint8Array {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
}

/** A link may hold anything: every field is checked. */
function readState(value: unknown): PageState | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { files, proposed, side, settings, packet, pane } = value as Partial<Record<keyof PageState, unknown>>;
  if (!areFiles(files)) return undefined;
  return {
    files,
    proposed: areFiles(proposed) ? proposed : undefined,
    side: side === "proposed" && areFiles(proposed) ? "proposed" : "now",
    settings: readSettings(settings),
    packet: isPacket(packet) ? { from: packet.from, to: packet.to } : undefined,
    pane: panes.find((one) => one === pane) ?? "traffic",
  };
}

function areFiles(value: unknown): value is readonly TextFile[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((file) => typeof file?.name === "string" && typeof file?.text === "string")
  );
}

function isPacket(value: unknown): value is PacketQuestion {
  const packet = value as Partial<PacketQuestion> | undefined | null;
  return typeof packet?.from === "string" && typeof packet?.to === "string";
}

function readSettings(value: unknown): Settings {
  const given = (typeof value === "object" && value !== null ? value : {}) as Partial<Settings>;
  const { mode, version, node, nodes, down, scale } = given;
  const isCount = (count: unknown): count is number =>
    Number.isInteger(count) && Number(count) >= 0 && Number(count) <= 50;
  return {
    mode: typeof mode === "string" ? mode : undefined,
    version: typeof version === "string" ? version : undefined,
    node: typeof node === "string" ? node : undefined,
    nodes: isCount(nodes) && nodes > 0 ? nodes : defaultSettings.nodes,
    down: Array.isArray(down) ? down.filter((name) => typeof name === "string") : [],
    scale: Object.fromEntries(Object.entries(scale ?? {}).filter(([, count]) => isCount(count))),
  };
}
