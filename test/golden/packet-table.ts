import { canonicalAddress, isAddress, parseTarget } from "../../src/datapath/address-set.ts";
import type { Entry } from "../../src/datapath/packet.ts";
import { everything, type Share, sameShare, share, total } from "../../src/datapath/share.ts";
import type { TracedPacket } from "../harness/trace.ts";

export interface ExpectedOutcome {
  readonly kind: "delivered" | "rejected" | "dropped" | "untouched";
  /** Where to, of a delivered packet. */
  readonly to: { readonly address: string; readonly port: number } | undefined;
  readonly share: Share;
  /** Not written, not checked. */
  readonly masqueraded: boolean | undefined;
}

export interface PacketLine {
  readonly line: number;
  readonly text: string;
  readonly packet: TracedPacket;
  readonly expected: readonly ExpectedOutcome[];
}

interface PacketTable {
  readonly lines: readonly PacketLine[];
  readonly problems: readonly { readonly line: number; readonly message: string }[];
}

const ENTRIES: Readonly<Record<string, Entry>> = { external: "outside", pod: "pod", node: "node" };
const VERDICTS: Readonly<Record<string, ExpectedOutcome["kind"]>> = {
  reject: "rejected",
  drop: "dropped",
  untouched: "untouched",
};
const LINE = /^(external|pod|node)\s+(\S+)(?:\s+via\s+(\S+))?\s+->\s+(\S+)\/(TCP|UDP|SCTP)\s+=>\s+(.+)$/;
const OUTCOME = /^(\S+?)(?:\s+(\d+(?:\.\d+)?)%)?(?:\s+(source kept|masqueraded))?$/;

/** Reads a packets.txt; the format is told in golden/README.md. */
export function parsePackets(text: string): PacketTable {
  const lines: PacketLine[] = [];
  const problems: { line: number; message: string }[] = [];
  for (const [index, raw] of text.split("\n").entries()) {
    const content = raw.replace(/(^|\s)#.*$/, "").trim();
    if (content === "") continue;
    const read = parsePacketLine(content);
    if (typeof read === "string") problems.push({ line: index + 1, message: `${read}: ${content}` });
    else lines.push({ line: index + 1, text: content, ...read });
  }
  return { lines, problems };
}

function parsePacketLine(content: string): Pick<PacketLine, "packet" | "expected"> | string {
  const [, from = "", sourceText = "", via, to = "", protocol = "", result = ""] = LINE.exec(content) ?? [];
  const entry = ENTRIES[from];
  if (entry === undefined) return "expected ENTRY SOURCE [via INTERFACE] -> ADDRESS:PORT/PROTOCOL => OUTCOMES";
  const source = sourceText.replace(/^\[(.*)\]$/, "$1");
  const destination = parseTarget(to);
  if (!isAddress(source)) return `${source} is no address`;
  if (destination === undefined) return `${to} is no address and port`;
  const expected = parseOutcomes(result);
  if (typeof expected === "string") return expected;
  const packet: TracedPacket = {
    entry,
    source: canonicalAddress(source),
    destination: destination.address,
    port: destination.port,
    protocol: protocol === "TCP" ? "tcp" : protocol === "UDP" ? "udp" : "sctp",
    ...(via === undefined ? {} : { inInterface: via }),
  };
  return { packet, expected };
}

function parseOutcomes(text: string): readonly ExpectedOutcome[] | string {
  const [list = "", suffix, ...rest] = text.split(/\s*,\s*/);
  if (rest.length > 0 || !["source kept", "masqueraded", undefined].includes(suffix)) return "unknown suffix";
  const parts = list.split("|").map((part) => part.trim());
  const outcomes: ExpectedOutcome[] = [];
  for (const part of parts) {
    const [, what = "", percent, source = suffix] = OUTCOME.exec(part) ?? [];
    const to = parseTarget(what);
    const kind = to === undefined ? VERDICTS[what] : "delivered";
    if (kind === undefined) return `${part} is no outcome`;
    if (percent === undefined && parts.length > 1) return "several outcomes, and one without its percentage";
    const masqueraded = source === undefined ? undefined : source === "masqueraded";
    outcomes.push({ kind, to, share: percent === undefined ? everything : intendedShare(percent), masqueraded });
  }
  return sameShare(total(outcomes.map((outcome) => outcome.share)), everything)
    ? outcomes
    : "percentages do not sum to 100";
}

/** The simplest fraction that is written so: 33.3 is 1/3, 16.7 is 1/6, 40 is 2/5. */
export function intendedShare(percent: string): Share {
  const scale = 10 ** (percent.split(".")[1]?.length ?? 0);
  const digits = Math.round(Number(percent) * scale);
  for (let denominator = 1; ; denominator += 1) {
    const numerator = Math.round((digits * denominator) / (100 * scale));
    if (Math.round((numerator * 100 * scale) / denominator) === digits) return share(numerator, denominator);
  }
}
