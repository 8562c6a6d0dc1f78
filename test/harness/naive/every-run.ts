import type { Journey, NaivePacket } from "./journey.ts";
import type { NaiveHost } from "./naive-host.ts";
import { travel } from "./naive-walk.ts";

/** Ends of a packet with their shares, as fractions in lowest terms: `10.0.0.1 80 masqueraded` => `1/2`. */
export type Ends = ReadonlyMap<string, string>;

interface Chosen {
  readonly weights: readonly number[];
  at: number;
}

/** Sends the packet on its way once for every fall of the coins. Answers come from the caller. */
export function everyRun(host: NaiveHost, packet: NaivePacket, answer: (question: string) => boolean): Ends {
  const coins: Chosen[] = [];
  const shares = new Map<string, readonly [bigint, bigint]>();
  do {
    let thrown = 0;
    const choose = (weights: readonly number[]): number => {
      const coin = coins[thrown] ?? { weights, at: 0 };
      coins[thrown] = coin;
      thrown += 1;
      return coin.at;
    };
    const end = travel(setOut(packet, choose, answer), host);
    const [numerator, denominator] = shareOf(coins);
    const [before, under] = shares.get(end) ?? [0n, 1n];
    shares.set(end, [before * denominator + numerator * under, under * denominator]);
  } while (turn(coins));
  const ends = [...shares].filter(([, [numerator]]) => numerator > 0n);
  return new Map(ends.map(([end, [numerator, denominator]]) => [end, fraction(numerator, denominator)]));
}

function setOut(packet: NaivePacket, choose: Journey["choose"], answer: Journey["answer"]): Journey {
  const { destination, port } = packet;
  const states = new Set([packet.state ?? "NEW"]);
  const entered = new Set<string>();
  const now: Journey["now"] = {
    destination,
    port,
    mark: 0,
    connectionMark: 0,
    masqueraded: false,
    sentOn: false,
    server: undefined,
    states,
    entered,
  };
  return {
    packet,
    choose,
    answer: (question) => {
      const changed = question.startsWith("-i ")
        ? []
        : [...(now.sentOn ? [", once translated"] : []), ...(now.server === undefined ? [] : [", once sent on"])];
      return answer(question + changed.join(""));
    },
    hook: "",
    now,
  };
}

function shareOf(coins: readonly Chosen[]): readonly [bigint, bigint] {
  let [numerator, denominator] = [1n, 1n];
  for (const { weights, at } of coins) {
    numerator *= BigInt(weights[at] ?? 0);
    denominator *= weights.reduce((sum, weight) => sum + BigInt(weight), 0n);
  }
  return [numerator, denominator];
}

/** The next fall of the coins, as an odometer counts; false after the last. */
function turn(coins: Chosen[]): boolean {
  for (;;) {
    const last = coins.at(-1);
    if (last === undefined) return false;
    last.at += 1;
    if (last.at < last.weights.length) return true;
    coins.pop();
  }
}

export function fraction(numerator: bigint, denominator: bigint): string {
  let [a, b] = [numerator, denominator];
  while (b !== 0n) [a, b] = [b, a % b];
  return `${numerator / a}/${denominator / a}`;
}
