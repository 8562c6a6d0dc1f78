import type { Loose } from "./states.ts";

const sorted = (list: readonly unknown[]): readonly string[] => list.map((item) => JSON.stringify(item)).sort();

function comparableEndpoint({ addresses, conditions, targetRef, hints, ...rest }: Loose): readonly unknown[] {
  return [
    addresses,
    [conditions.ready, conditions.serving, conditions.terminating],
    [targetRef?.kind, targetRef?.namespace, targetRef?.name],
    [rest.nodeName, rest.zone, rest.hostname, hints?.forZones, hints?.forNodes],
  ];
}

/**
 * EndpointSlices by Service, family and ports, without their names and without the order of what is in them. Which
 * endpoint stands in which slice of several says nothing; how many stand in each does.
 */
export function comparableSlices(slices: readonly Loose[]): readonly string[] {
  const groups = new Map<string, { readonly key: object; readonly sizes: number[]; readonly endpoints: unknown[] }>();
  for (const { metadata, addressType, ports, endpoints } of slices) {
    const { "kubernetes.io/service-name": service, "service.kubernetes.io/headless": headless } = metadata.labels;
    const ownPorts = (ports ?? []).map(({ name, port, protocol, appProtocol }: Loose) => [
      name,
      port,
      protocol,
      appProtocol,
    ]);
    const key = { service, headless, addressType, ports: sorted(ownPorts) };
    const text = JSON.stringify(key);
    const group = groups.get(text) ?? { key, sizes: [], endpoints: [] };
    group.sizes.push((endpoints ?? []).length);
    group.endpoints.push(...(endpoints ?? []).map(comparableEndpoint));
    groups.set(text, group);
  }
  return sorted(
    [...groups.values()].map(({ key, sizes, endpoints }) => ({
      ...key,
      sizes: sizes.sort((a, b) => a - b),
      endpoints: sorted(endpoints),
    })),
  );
}
