import type { ServiceGroup } from "../service-groups.ts";
import { plural, signs } from "../words.ts";
import { code } from "./escape.ts";

/** Nothing but the names of what changes, by namespace: what is left when even a table is too long. */
export function namesByNamespace(groups: readonly ServiceGroup[]): string {
  return [...byNamespace(groups)]
    .map(([namespace, members]) => {
      const names = members.map(({ name, worst }) =>
        code(`${signs[worst.kind]}${name.slice(namespace.length + 1) || name}`),
      );
      return `- ${titleOf(namespace)}: ${names.join(" ")}`;
    })
    .join("\n");
}

const mostNamespaces = 300;

/** How many services change in each namespace. */
export function namespaceCounts(groups: readonly ServiceGroup[]): string {
  const counts = [...byNamespace(groups)].map(
    ([namespace, { length }]) => `- ${titleOf(namespace)}: ${plural(length, namespace === "" ? "address" : "service")}`,
  );
  const left = counts.length - mostNamespaces;
  return [...counts.slice(0, mostNamespaces), ...(left > 0 ? [`- and ${plural(left, "more namespace")}`] : [])].join(
    "\n",
  );
}

function titleOf(namespace: string): string {
  return namespace === "" ? "of no Service" : code(namespace);
}

function byNamespace(groups: readonly ServiceGroup[]): ReadonlyMap<string, readonly ServiceGroup[]> {
  const namespaces = new Map<string, ServiceGroup[]>();
  for (const group of groups) {
    const namespace = group.isService ? group.name.split("/", 1)[0]! : "";
    const members = namespaces.get(namespace);
    if (members === undefined) namespaces.set(namespace, [group]);
    else members.push(group);
  }
  return namespaces;
}
