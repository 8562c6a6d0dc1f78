import type { ChainGraph } from "./chain/chain-graph.ts";
import type { ChainExplanation } from "./chain/explain-chain.ts";
import type { RuleExplanation } from "./chain/explain-line.ts";
import type { EntryExplanation, SetExplanation } from "./chain/explain-set.ts";
import type { NodeExplanation } from "./service/explain-node.ts";
import type { ObjectExplanation } from "./service/explain-service.ts";

/** Everything that `explain` answers from a state or a dump. `graphs`: one for each kind of node, where they are drawn. */
export type Explanation =
  | {
      readonly kind: "object";
      readonly explanation: ObjectExplanation;
      readonly graphs: readonly ChainGraph[];
      /** Of a dump, whose chains are all there is to tell. */
      readonly dumpGraph: ChainGraph | undefined;
    }
  | { readonly kind: "node"; readonly explanation: NodeExplanation }
  | { readonly kind: "chain"; readonly explanation: ChainExplanation; readonly graphs: readonly ChainGraph[] }
  | { readonly kind: "set"; readonly explanation: SetExplanation }
  | { readonly kind: "entry"; readonly explanation: EntryExplanation }
  | {
      readonly kind: "rule";
      readonly explanation: RuleExplanation;
      readonly graphs: readonly ChainGraph[];
      /** What was searched for it, in words; undefined: nothing. */
      readonly where: string | undefined;
    };
