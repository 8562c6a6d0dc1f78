import { isDeepStrictEqual } from "node:util";
import type { Origin } from "../../../diagnostics/place.ts";
import { isRecord } from "../../../model/fields/fields.ts";
import { namesText } from "../../../review/render/words.ts";
import type { State } from "../../read-state.ts";
import type { SideSource } from "../side-request.ts";

/**
 * A sentence for the Services that lack a cluster IP and differ between the sides: nothing else tells that they do, for
 * they have no rules that could.
 */
export function servicesWithoutRules(base: SideSource, head: SideSource): readonly string[] {
  const [before, after] = [withoutClusterIp(base), withoutClusterIp(head)];
  const nowhere: string[] = [];
  const onlyIn = new Map<string, string[]>();
  for (const name of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    const [old, young] = [before.get(name), after.get(name)];
    if (old !== undefined && young !== undefined) {
      if (!isDeepStrictEqual(old, young)) nowhere.push(name);
    } else {
      const [own, other] = old === undefined ? [head, base] : [base, head];
      if (hasService(other, name)) onlyIn.set(own.name, [...(onlyIn.get(own.name) ?? []), name]);
      else nowhere.push(name);
    }
  }
  return [sentence(nowhere, ""), ...[...onlyIn].map(([side, names]) => sentence(names, ` in ${side}`))].flat();
}

function sentence(names: readonly string[], where: string): readonly string[] {
  if (names.length === 0) return [];
  const [have, them] = names.length === 1 ? ["has", "it"] : ["have", "them"];
  return [`${namesText(names)} ${have} no cluster IP${where}, and so no rules; --simulate gives ${them} one`];
}

const kind = "Service ";

/** What of them makes rules, by `shop/web`. */
function withoutClusterIp(source: SideSource): ReadonlyMap<string, unknown> {
  if (source.kind !== "state") return new Map();
  const { sink, inputs } = source.state;
  const found = sink.diagnostics.filter(({ code }) => code === "cluster-ip-missing");
  return new Map(
    found.flatMap(({ object = "", origin }) =>
      object.startsWith(kind) ? [[object.slice(kind.length), ruleFields(inputs, origin)] as const] : [],
    ),
  );
}

function ruleFields({ documents }: State["inputs"], origin: Origin | undefined): unknown {
  if (origin === undefined) return undefined;
  // The place is that of the spec.
  const value = origin.path.slice(0, -1).reduce(fieldOf, documents[origin.document]?.value);
  const { spec, metadata } = isRecord(value) ? value : {};
  const { labels, annotations } = isRecord(metadata) ? metadata : {};
  return { spec, labels, annotations };
}

function fieldOf(within: unknown, key: string | number): unknown {
  if (Array.isArray(within)) return within[Number(key)];
  return isRecord(within) ? within[key] : undefined;
}

function hasService(source: SideSource, wanted: string): boolean {
  if (source.kind !== "state") return false;
  return source.state.cluster.services.some(({ namespace, name }) => `${namespace}/${name}` === wanted);
}
