import { chainSubject, chainsCalledBy, leadOf } from "../chain-graph.ts";
import type { CheckedTable, PlacedRule, TextRule } from "../checked-host.ts";

/** Chains that call themselves, directly or indirectly. */
export const chainLoop: TextRule = ({ tables }, sink) => {
  for (const table of tables) {
    for (const { path, placed } of loopsOf(table)) {
      const report = sink.reporter(chainSubject(table, path[0] as string));
      report("chain-loop", placed.place, { path: path.join(" -> ") });
    }
  }
};

interface Loop {
  readonly path: readonly string[];
  readonly placed: PlacedRule;
}

interface Step {
  readonly chain: string;
  readonly leads: readonly PlacedRule[];
  next: number;
}

/** One loop for each rule that closes one. Iterative, since chains may be nested as deep as a text is long. */
function loopsOf(table: CheckedTable): readonly Loop[] {
  const loops: Loop[] = [];
  const done = new Set<string>();
  const onPath = new Set<string>();
  // Nearly all chains call none, or one that closes no loop.
  const isDone = (chain: string): boolean => {
    if (done.has(chain)) return true;
    if (!chainsCalledBy(table, chain).every((each) => done.has(each))) return false;
    done.add(chain);
    return true;
  };
  const enter = (chain: string): Step => {
    onPath.add(chain);
    const leads = (table.chains.get(chain)?.rules ?? []).filter(({ rule }) => leadOf(rule) !== undefined);
    return { chain, leads, next: 0 };
  };
  for (const start of table.chains.keys()) {
    const path = isDone(start) ? [] : [enter(start)];
    for (let step = path[0]; step !== undefined; step = path[path.length - 1]) {
      const placed = step.leads[step.next];
      step.next += 1;
      const chain = placed && leadOf(placed.rule)?.chain;
      if (placed === undefined || chain === undefined) {
        done.add(step.chain);
        onPath.delete(step.chain);
        path.pop();
      } else if (onPath.has(chain)) {
        const names = path.map((each) => each.chain);
        loops.push({ path: [...names.slice(names.indexOf(chain)), chain], placed });
      } else if (!isDone(chain)) path.push(enter(chain));
    }
  }
  return loops;
}
