import { serviceInRule } from "../../../changes/attribution.ts";
import { parseTarget, printTarget } from "../../../evaluate/addresses.ts";
import type { Part } from "../../../evaluate/flow/classes.ts";
import type { Difference } from "../keys/compare-key.ts";
import type { Key } from "../keys/key.ts";
import type { ServiceAt, SideNode } from "../side.ts";

export interface FoundService extends Partial<ServiceAt> {
  /** Whose it was in base, where that is another. */
  readonly formerName?: string;
}

/** Whose a key is: by the state; else by what the rules that decide say of themselves. */
export function findService(
  key: Key,
  { base, head }: { readonly base: SideNode; readonly head: SideNode },
  { was, now }: Difference,
): FoundService {
  const before = ownerIn(base, key) ?? ownerByHops(key, was);
  const after = ownerIn(head, key) ?? ownerByHops(key, now);
  const found = ownerIn(head, key) ?? ownerIn(base, key) ?? after ?? before ?? {};
  const former = before?.name === found.name ? undefined : before?.name;
  return former === undefined ? found : { ...found, formerName: former };
}

function ownerIn({ services }: SideNode, { kind, address, port, protocol }: Key): ServiceAt | undefined {
  switch (kind) {
    case "elsewhere":
      return undefined;
    case "other-ports":
      return byAddress(services).get(address);
    case "bound":
      return services.get(`*:${port}/${protocol}`);
    case "address":
    case "node-port":
      return services.get(`${printTarget({ address, port })}/${protocol}`) ?? services.get(`*:${port}/${protocol}`);
  }
}

function ownerByHops({ kind }: Key, parts: readonly Part[]): Partial<ServiceAt> | undefined {
  if (kind === "elsewhere" || kind === "other-ports") return undefined;
  for (const hop of parts.flatMap(({ outcome }) => outcome.hops)) {
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
