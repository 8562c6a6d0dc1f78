import { parseModule } from "./parse-match.ts";
import { parseTarget } from "./parse-target.ts";
import type { Counters, Match, Rule, Target } from "./rule.ts";
import { splitWords } from "./words.ts";

interface RuleText {
  readonly text: string;
  readonly line: number;
  readonly counters: Counters | undefined;
}

type RuleResult =
  | { readonly kind: "rule"; readonly rule: Rule }
  | { readonly kind: "broken"; readonly message: string };

type Step = { readonly matches: readonly Match[]; readonly next: number } | { readonly broken: string };

/** Reads one `-A CHAIN ...` line, without the counters before it. */
export function parseRule({ text, line, counters }: RuleText): RuleResult {
  const words = splitWords(text);
  if (words === undefined) return { kind: "broken", message: "a quote is not closed" };
  const [command, chain] = words;
  if (command !== "-A") return { kind: "broken", message: `expected -A, :CHAIN or COMMIT, not "${command ?? ""}"` };
  if (chain === undefined || chain.includes('"')) return { kind: "broken", message: "-A without a chain name" };
  const matches: Match[] = [];
  let target: Target = { kind: "none" };
  for (let at = 2; at < words.length; ) {
    if (words[at] === "-j" || words[at] === "-g") {
      const read = parseTarget(words.slice(at));
      if (read === undefined) return { kind: "broken", message: `${words[at]} without a target` };
      target = read;
      break;
    }
    const step = parseStep(words, at);
    if ("broken" in step) return { kind: "broken", message: step.broken };
    matches.push(...step.matches);
    at = step.next;
  }
  return { kind: "rule", rule: { chain, line, text, counters, matches, target } };
}

function parseStep(words: readonly string[], start: number): Step {
  const negated = words[start] === "!";
  const at = negated ? start + 1 : start;
  const option = words[at];
  if (option === undefined) return { broken: "! at the end of the line" };
  if (option === "-m") return negated ? { broken: "! before -m" } : moduleStep(words, start);
  if (!option.startsWith("-")) return { broken: `stray word ${option}` };
  const match = coreMatch(option, words[at + 1], negated);
  if (match === "no-value") return { broken: `${option} without a value` };
  if (match !== undefined) return { matches: [match], next: at + 2 };
  const next = blockEnd(words, at + 1);
  return { matches: [{ kind: "unknown", negated: false, words: words.slice(start, next) }], next };
}

function coreMatch(option: string, word: string | undefined, negated: boolean): Match | "no-value" | undefined {
  if (!["-s", "-d", "-i", "-o", "-p"].includes(option)) return undefined;
  if (word === undefined) return "no-value";
  if (word.includes('"')) return undefined;
  if (option === "-s") return { kind: "source", negated, range: word };
  if (option === "-d") return { kind: "destination", negated, range: word };
  if (option === "-i") return { kind: "in-interface", negated, name: word };
  if (option === "-o") return { kind: "out-interface", negated, name: word };
  return { kind: "protocol", negated, protocol: word };
}

function moduleStep(words: readonly string[], start: number): Step {
  const name = words[start + 1];
  if (name === undefined) return { broken: "-m without a module" };
  const next = blockEnd(words, start + 2);
  const options = words.slice(start + 2, next);
  return {
    matches: parseModule(name, options) ?? [{ kind: "unknown", negated: false, words: words.slice(start, next) }],
    next,
  };
}

/** The end of a module's options: the next one-letter option, with its `!` if it has one. */
function blockEnd(words: readonly string[], start: number): number {
  for (let at = start; at < words.length; at += 1) {
    // A comment may be any word, including one that looks like an option.
    if (words[at] === "--comment") at += 1;
    else if (isShort(words[at]) || (words[at] === "!" && isShort(words[at + 1]))) return at;
  }
  return words.length;
}

function isShort(word: string | undefined): boolean {
  return word !== undefined && /^-[a-z]$/.test(word);
}
