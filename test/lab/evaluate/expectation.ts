import { addressNumber, contains } from "../../../src/datapath/address-set.ts";
import type { Outcome } from "../../../src/datapath/packet.ts";
import { plus, type Share, shareNumber } from "../../../src/datapath/share.ts";
import { addresses, type HostName } from "../traffic/topology.ts";

export interface Asked {
  readonly from: HostName;
  readonly family: 0 | 1;
  readonly protocol: "tcp" | "udp";
  readonly source: string;
  readonly host: string;
  readonly port: number;
  /** Whether answers end in the port that was asked; default true. */
  readonly tellsPort?: boolean;
}

/** What a caller is to see, at random: `a1 10.244.1.12 10003`, `refused`, `timeout`. */
export function expectedAnswers(outcomes: readonly Outcome[], asked: Asked): ReadonlyMap<string, number> {
  const shares = new Map<string, Share>();
  for (const outcome of outcomes) {
    if (!contains(outcome.sources, addressNumber(asked.source))) continue;
    if (outcome.assumptions.length > 0) throw new Error(`nobody can tell: ${JSON.stringify(outcome.assumptions)}`);
    const answer = answerOf(outcome, asked);
    const before = shares.get(answer);
    shares.set(answer, before === undefined ? outcome.share : plus(before, outcome.share));
  }
  return new Map(
    [...shares].map(([answer, share]) => [answer, shareNumber(share)] as const).filter(([, share]) => share > 0),
  );
}

function answerOf({ verdict, masqueraded }: Outcome, asked: Asked): string {
  if (verdict.kind === "rejected") return "refused";
  if (verdict.kind === "dropped") return "timeout";
  const to = verdict.kind === "delivered" ? verdict.target : { address: asked.host, port: asked.port };
  const name = (Object.keys(addresses) as (keyof typeof addresses)[]).find((each) =>
    (addresses[each] as readonly string[]).includes(to.address),
  );
  if (name === undefined) throw new Error(`nobody has ${to.address}`);
  return `${name} ${masqueraded ? maskOf(name, asked) : asked.source}${asked.tellsPort === false ? "" : ` ${to.port}`}`;
}

/** The address of node1 on the link that leads there. */
function maskOf(name: keyof typeof addresses, { family, source }: Asked): string {
  const [outer, outer6, inner, inner6] = addresses.node1;
  if (name === "node1") return source;
  return name === "a1" || name === "a2" ? (family === 0 ? inner : inner6) : family === 0 ? outer : outer6;
}
