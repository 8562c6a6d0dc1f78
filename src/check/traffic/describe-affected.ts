import { printDestination, type ServiceDestination } from "./service-destinations.ts";

/** `shop/web:http`, `shop/web:http (node port 30080/TCP)`, or the address where the text does not name a Service. */
export function labelsOf(destinations: readonly ServiceDestination[]): readonly string[] {
  const byService = new Map<string, ServiceDestination[]>();
  for (const destination of destinations) {
    const name = destination.service ?? printDestination(destination);
    byService.set(name, [...(byService.get(name) ?? []), destination]);
  }
  return [...byService].map(([name, all]) => {
    const [first] = all;
    const isPart = first?.service !== undefined && all.length === 1 && first.kind !== "cluster-ip";
    return isPart ? `${name} (${printDestination(first)})` : name;
  });
}

/** What fits into a message. */
const longest = 70;

export function listed(names: readonly string[]): string {
  let text = "";
  for (const [at, name] of names.entries()) {
    const left = names.length - at;
    const next = text === "" ? name : left === 1 ? `${text} and ${name}` : `${text}, ${name}`;
    if (next.length > longest && at > 0) return `${text} and ${left} more`;
    text = next;
  }
  return text;
}
