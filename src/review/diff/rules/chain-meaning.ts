import { withoutComments } from "../../../tools/iptables/canonical-rule.ts";
import type { Chains } from "./changed-chains.ts";

/**
 * Gives of a chain's name what the chain does, as text: its rules without comments, with the chains they lead to in
 * place of their names. Chains of equal meaning treat packets alike, whatever they are called.
 */
export function meaningOfChains(chains: Chains): (name: string) => string {
  const known = new Map<string, string>();
  const meaning = (name: string, above: readonly string[]): string => {
    const found = known.get(name);
    if (found !== undefined) return found;
    const chain = chains.get(name);
    if (chain === undefined || above.includes(name)) return name;
    const rules = chain.lines.map((line) => {
      const bare = withoutComments(line.slice(`-A ${name}`.length)).replace(ownList(name), "--name SELF");
      const at = bare.lastIndexOf(" -j ") + 4;
      const target = at < 4 ? "" : bare.slice(at);
      return chains.has(target) ? `${withoutLists(bare.slice(0, at))}{${meaning(target, [...above, name])}}` : bare;
    });
    const text = rules.join("\n");
    known.set(name, text);
    return text;
  };
  return (name) => meaning(name, []);
}

/** kube-proxy names an endpoint's list of clients as its chain. */
function ownList(name: string): RegExp {
  return new RegExp(`--name ${name.replace(/[^\w-]/g, ".")}(?= |$)`);
}

/** A rule that asks an endpoint's list leads to the endpoint's chain, which says which list that is. */
function withoutLists(rule: string): string {
  return rule.replace(/--name \S+/, "--name THAT");
}
