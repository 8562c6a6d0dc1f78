import { createSubject } from "../../diagnostics/subject.ts";
import { type Cidr, cidrContains, parseIp } from "../../model/address.ts";
import type { Draft } from "../draft.ts";
import { loadBalancerCidrs, nodeCidrs } from "../options.ts";

/** Tells of ranges that share addresses: what is drawn from each may then be the same. */
export function reportOverlaps({ settings, sink }: Draft): void {
  const { podCidrs, serviceCidrs } = settings;
  const ranges = [
    ...podCidrs.map((cidr) => ({ what: "pods", cidr })),
    ...serviceCidrs.map((cidr) => ({ what: "cluster IPs", cidr })),
    ...nodeCidrs.map((cidr) => ({ what: "Nodes", cidr })),
    ...loadBalancerCidrs.map((cidr) => ({ what: "load balancers", cidr })),
  ];
  const report = sink.reporter(createSubject());
  ranges.forEach((one, index) => {
    for (const other of ranges.slice(index + 1)) {
      if (!isOverlapping(one.cidr, other.cidr)) continue;
      const parameters = { what: one.what, range: one.cidr.text, other: other.what, otherRange: other.cidr.text };
      report("simulate-ranges-overlap", undefined, parameters);
    }
  });
}

function isOverlapping(a: Cidr, b: Cidr): boolean {
  if (a.family !== b.family) return false;
  const [wide, narrow] = a.prefix < b.prefix ? [a, b] : [b, a];
  const first = parseIp(narrow.text.split("/")[0] ?? "");
  return first !== undefined && cidrContains(wide, first);
}
