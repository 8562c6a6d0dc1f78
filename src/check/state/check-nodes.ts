import { createSink, createSubject, type Diagnostic, type Sink } from "../../diagnostics/diagnostic.ts";
import type { Family } from "../../model/address.ts";
import type { Cluster } from "../../model/cluster.ts";
import type { ForwardingPlan } from "../../plan/forwarding/forwarding-plan.ts";
import { type NodeView, resolveNodeView } from "../../plan/forwarding/node-view.ts";
import { resolvePlan } from "../../plan/forwarding/resolve-plan.ts";
import { programFor } from "../../programs/registry.ts";

export interface NodesToCheck {
  readonly names: readonly string[];
  readonly families: readonly Family[] | undefined;
}

export interface CheckedNodes {
  readonly views: readonly NodeView[];
  readonly plan: ForwardingPlan | undefined;
}

/** Reports what compiling for each node would warn about, once for all nodes with the same warning. Makes no text. */
export function checkNodes(cluster: Cluster, { names, families }: NodesToCheck, sink: Sink): CheckedNodes {
  const program = programFor(cluster.proxyConfiguration);
  const views: NodeView[] = [];
  const found: NodeFindings[] = [];
  let first: ForwardingPlan | undefined;
  for (const name of names) {
    const ofNode = createSink();
    const report = ofNode.reporter(createSubject());
    const view = resolveNodeView(cluster, name, {}, report);
    const plan = view && resolvePlan(cluster, { view, families, traits: program.traits }, report);
    if (view !== undefined && plan !== undefined) {
      views.push(view);
      if (program.inspect !== undefined) program.inspect(plan, report);
      else if (first === undefined) resolveAll(plan);
    }
    first ??= plan;
    found.push({ node: name, diagnostics: ofNode.diagnostics });
  }
  sink.diagnostics.push(...foldNodes(found));
  return { views, plan: first };
}

/** Resolving a service port reports problems of its endpoints, which are the same on every node. */
function resolveAll({ families }: ForwardingPlan): void {
  for (const { servicePorts } of families) for (const _ of servicePorts);
}

interface NodeFindings {
  readonly node: string;
  readonly diagnostics: readonly Diagnostic[];
}

interface Folded {
  readonly diagnostic: Diagnostic;
  readonly nodes: string[];
}

/** With a single node its name adds nothing. Hints are not part of a finding. */
function foldNodes(found: readonly NodeFindings[]): readonly Diagnostic[] {
  const folded = new Map<string, Folded>();
  for (const { node, diagnostics } of found) {
    for (const diagnostic of diagnostics) {
      if (diagnostic.severity === "info") continue;
      const { document = "", path = [] } = diagnostic.origin ?? {};
      const key = JSON.stringify([diagnostic.code, document, path, diagnostic.message]);
      const known = folded.get(key);
      if (known === undefined) folded.set(key, { diagnostic, nodes: [node] });
      else known.nodes.push(node);
    }
  }
  return [...folded.values()].map(({ diagnostic, nodes }) =>
    found.length === 1 || nodeIndependent.has(diagnostic.code) ? diagnostic : { ...diagnostic, nodes },
  );
}

const nodeIndependent = new Set<Diagnostic["code"]>(["endpoint-conflict", "external-ips-disabled"]);
