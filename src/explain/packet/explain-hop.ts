import type { Hop } from "../../datapath/packet.ts";
import { printFraction, type Share, shareNumber } from "../../datapath/share.ts";
import type { VirtualServer } from "../../ir/datapath.ts";
import { printSource, type Source } from "../explanation.ts";
import { describeMet } from "../texts.ts";
import { type ExplainedHop, virtualServerTable } from "./packet-explanation.ts";

/** The origin of a line of a rule text. */
export interface Cause {
  /** `Service shop/web`, or `kube-proxy` for lines that always exist. */
  readonly object: string;
  readonly field: string;
  /** Undefined where it comes from no file. */
  readonly source: Source | undefined;
}

/** A line of a tool's text, without counters. */
export interface RuleLine {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

/** Finds the origin of a line; undefined where it is unknown. */
export type CauseOf = (line: RuleLine) => Cause | undefined;

/** Describes a hop in words. `destination` is the final destination, which a virtual server has chosen. */
export function explainHop(hop: Hop, destination: string | undefined, causeOf: CauseOf): ExplainedHop {
  switch (hop.kind) {
    case "rule": {
      const { table, chain, number, rule, file, chance } = hop;
      const cause = causeOf({ file, line: rule.line, text: rule.text });
      const { words, comment, goesTo } = describeMet(hop);
      return {
        table,
        chain,
        rule: number,
        text: rule.text,
        words,
        origin: cause === undefined ? (comment === undefined ? "" : `comment: ${comment}`) : describeCause(cause),
        ...(goesTo === undefined ? {} : { goesTo }),
        ...chanceOf(chance),
        ...fieldsOf(cause),
        file,
        line: rule.line,
      };
    }
    case "policy": {
      const { table, chain, policy } = hop;
      const words = "no rule matched: the policy of the chain applies";
      return { table, chain, rule: null, text: `:${chain} ${policy}`, words, origin: `policy ${policy} of ${chain}` };
    }
    case "virtual-server": {
      const { server, chance } = hop;
      const { text } = server;
      const cause = causeOf({ file: ipvsFile, line: server.line, text });
      return {
        table: virtualServerTable,
        chain: server.address,
        rule: null,
        text,
        words: describeServer(server),
        origin: cause === undefined ? "a virtual server of this host" : describeCause(cause),
        ...(destination === undefined ? {} : { goesTo: destination }),
        ...chanceOf(chance),
        ...fieldsOf(cause),
        line: server.line,
      };
    }
  }
}

/** The file name of virtual servers in `compile --out-dir`; their hops contain no file. */
const ipvsFile = "ipvs.restore";

function chanceOf(chance: Share | undefined): Pick<ExplainedHop, "share" | "exact"> {
  return chance === undefined ? {} : { share: shareNumber(chance), exact: printFraction(chance) };
}

function fieldsOf(cause: Cause | undefined): Pick<ExplainedHop, "object" | "field" | "source"> {
  if (cause === undefined) return {};
  const { object, field, source } = cause;
  return { object, ...(field === "" ? {} : { field }), ...(source === undefined ? {} : { source }) };
}

function describeCause({ object, field, source }: Cause): string {
  if (object === "kube-proxy") return "always present";
  return `${object}${field === "" ? "" : ` ${field}`}${source === undefined ? "" : ` (${printSource(source)})`}`;
}

function describeServer({ scheduler, realServers, persistence }: VirtualServer): string {
  const taking = realServers.filter(({ weight }) => weight > 0).length;
  const count = `${taking} of ${realServers.length} real servers take connections`;
  const stays = persistence === undefined ? "" : `, persistence ${persistence} s`;
  return `virtual server, scheduler ${scheduler}, ${count}${stays}`;
}
