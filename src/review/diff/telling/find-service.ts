import { serviceInRule } from "../../../changes/attribution.ts";
import { parseTarget, printTarget } from "../../../evaluate/addresses.ts";
import type { Difference } from "../keys/compare-key.ts";
import type { Key } from "../keys/key.ts";
import type { ServiceAt, SideNode } from "../side.ts";

/** Whose a key is: by the state; else by what the rules that decide say of themselves. */
export function findService(
  { kind, address, port, protocol }: Key,
  nodes: { readonly base: SideNode; readonly head: SideNode },
  { was, now }: Difference,
): Partial<ServiceAt> | undefined {
  if (kind === "elsewhere") return undefined;
  for (const { services } of [nodes.head, nodes.base]) {
    const service =
      kind === "other-ports"
        ? byAddress(services).get(address)
        : kind === "bound"
          ? services.get(`*:${port}/${protocol}`)
          : (services.get(`${printTarget({ address, port })}/${protocol}`) ?? services.get(`*:${port}/${protocol}`));
    if (service !== undefined) return service;
  }
  const hops = kind === "other-ports" ? [] : [...now, ...was].flatMap(({ outcome }) => outcome.hops);
  for (const hop of hops) {
    const name = hop.kind === "rule" ? serviceInRule(hop.rule.text) : undefined;
    if (name !== undefined) return { name };
  }
  return undefined;
}

const indexes = new WeakMap<SideNode["services"], ReadonlyMap<string, ServiceAt>>();

/** An address is one Service's, so its first port tells which. */
function byAddress(services: SideNode["services"]): ReadonlyMap<string, ServiceAt> {
  const known = indexes.get(services);
  if (known !== undefined) return known;
  const index = new Map<string, ServiceAt>();
  for (const [text, service] of services) {
    const address = parseTarget(text.replace(/\/\w+$/, ""))?.address;
    if (address !== undefined && !index.has(address)) index.set(address, service);
  }
  indexes.set(services, index);
  return index;
}
