import { printableJson } from "../../diagnostics/printable.ts";
import type { FieldChange, NodeRules, TrafficChange, TrafficDiff } from "../../diff/traffic-diff.ts";
import { notShownDocument } from "../words.ts";
import { countChanged, groupByService, sumRules } from "./service-groups.ts";

/** The diff as JSON; its schema is in `report/schema-diff.ts`. Unknown values are null. */
export function renderJson(diff: TrafficDiff): string {
  const { base, head, nodes, changes, rules, assumptions, notShown } = diff;
  const { groups } = groupByService(diff);
  const document = {
    apiVersion: "portolan/v1alpha1",
    kind: "Diff",
    base: { name: base.name, mode: base.mode ?? null },
    head: { name: head.name, mode: head.mode ?? null },
    nodes,
    summary: countChanged(groups),
    notShown: notShown === undefined ? null : { ...notShownDocument(notShown, "changes"), rules: notShown.rules ?? 0 },
    changes: changes.map(changeDocument),
    changedFields: diff.changedFields.flatMap(({ service, fields }) =>
      fields.map((field) => fieldDocument(service, field)),
    ),
    rules: { ...sumRules(diff), byNode: rules.map(rulesDocument) },
    assumptions,
  };
  return `${printableJson(document, 2)}\n`;
}

function fieldDocument(service: string, { object, field, was, now, source }: FieldChange): object {
  return { service, object, field, was: was ?? null, now: now ?? null, source: source ?? null };
}

function changeDocument(change: TrafficChange): object {
  const { service, port, protocol, nodes, kind, severity, vip, headline, details, source } = change;
  return {
    service: service ?? null,
    port: port ?? null,
    protocol: protocol ?? null,
    vip,
    kind,
    severity,
    // The node that before, after and examplePacket describe; the other nodes behave the same.
    node: nodes[0] ?? null,
    nodes,
    headline,
    details,
    endpoints: {
      added: change.endpoints.added.map(endpointDocument),
      removed: change.endpoints.removed.map(endpointDocument),
    },
    before: change.before.map(classDocument),
    after: change.after.map(classDocument),
    examplePacket: change.examplePacket,
    source: source ?? null,
    examplePath: change.examplePath,
  };
}

function endpointDocument({ target, pod, node }: TrafficChange["endpoints"]["added"][number]): object {
  return { target, pod: pod ?? null, node: node ?? null };
}

function classDocument({ from, outcomes }: TrafficChange["before"][number]): object {
  return {
    from,
    outcomes: outcomes.map(({ verdict, destination, share, exact, masquerade, affinity, assuming }) => ({
      verdict,
      destination: destination ?? null,
      share,
      exact,
      masquerade,
      affinity: affinity ?? null,
      assuming,
    })),
  };
}

function rulesDocument({ nodes, added, changed, removed, moved, chains }: NodeRules): object {
  return {
    nodes,
    added,
    changed,
    removed,
    moved,
    chains: chains.map(({ where, kind, renamedTo, lines }) => ({ where, kind, renamedTo: renamedTo ?? null, lines })),
  };
}
