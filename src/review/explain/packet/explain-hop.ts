import type { Hop } from "../../../evaluate/packet.ts";
import { printFraction, type Share, shareNumber } from "../../../evaluate/share.ts";
import type { SavedServer } from "../../../tools/ipvs/parse.ts";
import { describeMatch, describeTarget } from "../describe-rule.ts";
import type { ExplainedHop } from "./packet-explanation.ts";

/** What a line of a rule text is there for. */
export interface Cause {
  readonly object: string;
  readonly field: string;
  /** `cluster.yaml:12:5`; undefined where it comes from no file. */
  readonly source: string | undefined;
}

/** By file and line; undefined where nobody knows, as with dumps. */
export type CauseOf = (file: string, line: number) => Cause | undefined;

/** Puts hops in words; each rule once, however many ways lead over it. */
export function createHopExplainer(causeOf: CauseOf): (hop: Hop) => ExplainedHop {
  const causes = new Map<string, Cause | undefined>();
  const known = (file: string, line: number): Cause | undefined => {
    const key = `${file}:${line}`;
    if (!causes.has(key)) causes.set(key, causeOf(file, line));
    return causes.get(key);
  };
  return (hop) => explainHop(hop, known);
}

function explainHop(hop: Hop, causeOf: CauseOf): ExplainedHop {
  switch (hop.kind) {
    case "rule": {
      const { table, chain, number, rule, file, chance } = hop;
      const cause = causeOf(file, rule.line);
      const asked = rule.matches.map(describeMatch).filter((words) => words !== undefined);
      const words = `${asked.length === 0 ? "every packet" : asked.join(", ")}: ${describeTarget(rule.target)}`;
      return {
        table,
        chain,
        rule: number,
        text: rule.text,
        because: cause === undefined ? words : `${words}; ${describeCause(cause)}`,
        ...chanceOf(chance),
        ...causeFields(cause),
        file,
        line: rule.line,
      };
    }
    case "policy": {
      const { table, chain, policy } = hop;
      const because = `no rule of ${chain} ended its way: the policy of the chain is ${policy}`;
      return { table, chain, rule: null, text: `:${chain} ${policy}`, because, file: "", line: 0 };
    }
    case "virtual-server": {
      const { server, chance } = hop;
      const text = spellServer(server);
      return {
        table: "ipvs",
        chain: server.address,
        rule: null,
        text,
        because: describeServer(server),
        ...chanceOf(chance),
        file: "ipvs",
        line: 0,
      };
    }
  }
}

function chanceOf(chance: Share | undefined): Pick<ExplainedHop, "share" | "exact"> {
  return chance === undefined ? {} : { share: shareNumber(chance), exact: printFraction(chance) };
}

function causeFields(cause: Cause | undefined): Pick<ExplainedHop, "object" | "field" | "source"> {
  if (cause === undefined) return {};
  const { object, field, source } = cause;
  return { object, ...(field === "" ? {} : { field }), ...(source === undefined ? {} : { source }) };
}

/** `Service shop/web, spec.clusterIP (cluster.yaml:12:5)` */
function describeCause({ object, field, source }: Cause): string {
  return `${object}${field === "" ? "" : `, ${field}`}${source === undefined ? "" : ` (${source})`}`;
}

function spellServer({ protocol, address, scheduler, persistence }: SavedServer): string {
  const option = { tcp: "-t", udp: "-u", sctp: "--sctp-service" }[protocol];
  return `-A ${option} ${address} -s ${scheduler}${persistence === undefined ? "" : ` -p ${persistence}`}`;
}

function describeServer({ protocol, address, scheduler, realServers }: SavedServer): string {
  const taking = realServers.filter(({ weight }) => weight > 0).length;
  const count = `${taking} real ${taking === 1 ? "server takes" : "servers take"} connections`;
  return `IPVS has a virtual server for ${protocol.toUpperCase()} ${address}, scheduler ${scheduler}: ${count}`;
}
