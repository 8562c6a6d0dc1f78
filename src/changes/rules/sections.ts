import type { ChainChange } from "./rule-changes.ts";

/** iptables-nft takes one transaction of more chains much longer than several (1.8.9: see performance in the README). */
export const mostChainsAtOnce = 300;
const chainsInSection = 200;

/**
 * Chains of service ports, in order, as sections of about 200: a service port's chains stay together, so that they
 * change at once. One with more endpoints than fit has its endpoint chains made before the others.
 */
export function cutIntoFragments(changes: readonly ChainChange[]): readonly (readonly ChainChange[])[] {
  const sections: (readonly ChainChange[])[] = [];
  let open: ChainChange[] = [];
  for (const fragment of fragmentsOf(changes)) {
    if (open.length > 0 && open.length + fragment.length > chainsInSection) {
      sections.push(open);
      open = [];
    }
    if (fragment.length > chainsInSection) sections.push(...cutFragment(fragment));
    else open.push(...fragment);
  }
  if (open.length > 0) sections.push(open);
  return sections;
}

/** A service port's endpoint chains follow its others, so the next begins where an endpoint chain ends. */
function fragmentsOf(changes: readonly ChainChange[]): readonly (readonly ChainChange[])[] {
  const fragments: ChainChange[][] = [];
  let wasEndpoint = true;
  for (const change of changes) {
    const isEndpoint = isEndpointChain(change);
    if (wasEndpoint && !isEndpoint) fragments.push([]);
    if (fragments.length === 0) fragments.push([]);
    fragments[fragments.length - 1]?.push(change);
    wasEndpoint = isEndpoint;
  }
  return fragments;
}

function cutFragment(fragment: readonly ChainChange[]): readonly (readonly ChainChange[])[] {
  return [...cutBlindly(fragment.filter(isEndpointChain)), fragment.filter((change) => !isEndpointChain(change))];
}

/** Sections of chains whose order is all that matters. */
export function cutBlindly(changes: readonly ChainChange[]): readonly (readonly ChainChange[])[] {
  const sections: (readonly ChainChange[])[] = [];
  for (let start = 0; start < changes.length; start += chainsInSection) {
    sections.push(changes.slice(start, start + chainsInSection));
  }
  return sections;
}

function isEndpointChain({ chain }: ChainChange): boolean {
  return chain.startsWith("KUBE-SEP-");
}
