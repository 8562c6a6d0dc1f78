import type { SavedServer } from "../../../src/languages/ipvs/text.ts";

/** One packet of one client. */
export interface NaivePacket {
  readonly entry: "outside" | "pod" | "node";
  readonly inInterface?: string | undefined;
  readonly source: string;
  readonly destination: string;
  readonly port: number;
  readonly protocol: "tcp" | "udp" | "sctp" | "icmp";
  /** What conntrack says of it; default NEW. */
  readonly state?: string | undefined;
  /** Lists of `-m recent` that hold the client before. */
  readonly lists: ReadonlySet<string>;
}

/** A packet on its way, once: every coin is thrown, every question has an answer. */
export interface Journey {
  readonly packet: NaivePacket;
  readonly choose: (weights: readonly number[]) => number;
  /** What is asked after the destination was changed is another question. */
  readonly answer: (question: string) => boolean;
  hook: string;
  readonly now: {
    destination: string;
    port: number;
    mark: number;
    connectionMark: number;
    masqueraded: boolean;
    sentOn: boolean;
    server: SavedServer | undefined;
    states: Set<string>;
    readonly entered: Set<string>;
  };
}
