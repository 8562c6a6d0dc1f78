import { parseTarget, printTarget } from "../../datapath/address-set.ts";
import { nearShare, parseFraction, printPercent, type Share, share, total } from "../../datapath/share.ts";
import type { ExplainedOutcome, ExplainedWay, PacketExplanation } from "./packet-explanation.ts";

/** The expected outcomes of a packet. The source address is given for each outcome, or after a comma for all. */
export interface Expectation {
  readonly text: string;
  readonly ends: readonly ExpectedEnd[];
}

interface ExpectedEnd {
  readonly verdict: ExplainedOutcome["verdict"] | undefined;
  /** `10.0.1.5:8080`; undefined: any. */
  readonly destination: string | undefined;
  /** Undefined: any share greater than zero. */
  readonly share: ExpectedShare | undefined;
  readonly masquerade: boolean | undefined;
}

interface ExpectedShare {
  readonly value: Share;
  /** The tolerance: half of the last written digit, in 2^-31. */
  readonly tolerance: number;
}

/**
 * Reads `10.0.1.5:8080 50% | 10.0.2.6:8080 50%, masqueraded`, `rejected`, `delivered, source kept`: the words of
 * packets.txt. Undefined for anything else.
 */
export function parseExpectation(text: string): Expectation | undefined {
  const [listed = "", ...common] = text.split(",").map((part) => part.trim());
  const shared = common.map(parseSourceWord);
  if (shared.length > 1 || shared.includes(undefined)) return undefined;
  const [masquerade] = shared;
  const ends = listed.split("|").map((part) => parseEnd(part.trim(), masquerade));
  const found = ends.filter((end) => end !== undefined);
  return found.length === ends.length ? { text, ends: found } : undefined;
}

const end =
  /^(?:(?<to>\S+:\d+)|(?<verdict>[a-z]+))?(?: +(?<share>\d+(?:\.\d+)?) ?%)?(?: *(?<source>masqueraded|source kept))?$/;

function parseEnd(text: string, common: boolean | undefined): ExpectedEnd | undefined {
  const { to, verdict: word, share: percent, source } = end.exec(text)?.groups ?? {};
  const target = to === undefined ? undefined : parseTarget(to);
  const verdict = target === undefined ? verdictOf(word) : "delivered";
  const isSourceAlone = to === undefined && word === undefined && source !== undefined;
  if ((verdict === undefined && !isSourceAlone) || (to !== undefined && target === undefined)) return undefined;
  return {
    verdict,
    destination: target && printTarget(target),
    share: percent === undefined ? undefined : shareOf(percent),
    masquerade: source === undefined ? common : parseSourceWord(source),
  };
}

function parseSourceWord(word: string): boolean | undefined {
  return word === "masqueraded" ? true : word === "source kept" ? false : undefined;
}

function verdictOf(word: string | undefined): ExpectedEnd["verdict"] {
  const words: Readonly<Record<string, ExpectedEnd["verdict"]>> = {
    delivered: "delivered",
    rejected: "rejected",
    reject: "rejected",
    dropped: "dropped",
    drop: "dropped",
    untouched: "untouched",
    unknown: "unknown",
  };
  return word !== undefined && Object.hasOwn(words, word) ? words[word] : undefined;
}

/** `33.3` is met by one of three. */
function shareOf(percent: string): ExpectedShare {
  const [whole = "", decimals = ""] = percent.split(".");
  const unit = 100n * 10n ** BigInt(decimals.length);
  return { value: share(BigInt(whole + decimals), unit), tolerance: Number(2n ** 30n / unit) + 1 };
}

/** The actual outcomes, in the words of an expectation; undefined where every way to the target meets it. */
export function findUnmet(expectation: Expectation, explanation: PacketExplanation): string | undefined {
  const { otherWays = [] } = explanation;
  const unmet = [explanation, ...otherWays].flatMap((way) => {
    const found = unmetBy(expectation, way);
    return found === undefined ? [] : [otherWays.length === 0 ? found : `${way.packet.to}: ${found}`];
  });
  return unmet.length === 0 ? undefined : unmet.join("; ");
}

function unmetBy({ ends }: Expectation, { outcomes }: ExplainedWay): string | undefined {
  const matching = ends.map((expected) => outcomes.filter((outcome) => meets(outcome, expected)));
  const isComplete = outcomes.every((outcome) => matching.some((own) => own.includes(outcome)));
  const areMet = ends.every((expected, at) => hasShare(matching[at] ?? [], expected));
  return isComplete && areMet ? undefined : printOutcomes(outcomes);
}

function meets(outcome: ExplainedOutcome, { verdict, destination, masquerade }: ExpectedEnd): boolean {
  return (
    (verdict === undefined || outcome.verdict === verdict) &&
    (destination === undefined || outcome.destination === destination) &&
    (masquerade === undefined || outcome.masquerade === masquerade)
  );
}

function hasShare(outcomes: readonly ExplainedOutcome[], { share: expected }: ExpectedEnd): boolean {
  if (outcomes.length === 0) return false;
  if (expected === undefined) return true;
  const found = total(outcomes.map(({ exact }) => parseFraction(exact)));
  return nearShare(found, expected.value, expected.tolerance);
}

function printOutcomes(outcomes: readonly ExplainedOutcome[]): string {
  return outcomes
    .map(({ verdict, destination, exact, masquerade, assuming }) => {
      const percent = printPercent(parseFraction(exact));
      const source = verdict === "delivered" ? ` ${masquerade ? "masqueraded" : "source kept"}` : "";
      return `${destination ?? verdict} ${percent}${source}${assuming.length > 0 ? " (uncertain)" : ""}`;
    })
    .join(" | ");
}
