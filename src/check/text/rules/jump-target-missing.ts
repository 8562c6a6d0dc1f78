import { chainSubject, leadOf } from "../chain-graph.ts";
import type { TextRule } from "../checked-host.ts";

/** Targets that may have no options and are not chains (iptables-extensions(8), xtables-addons). */
const extensions = new Set(
  (
    "ACCEPT DROP QUEUE RETURN REJECT LOG NFLOG ULOG TRACE NOTRACK CT AUDIT CHECKSUM CLASSIFY CLUSTERIP CONNMARK " +
    "CONNSECMARK DNAT DNPT DSCP ECN HL HMARK IDLETIMER LED MARK MASQUERADE MIRROR NETMAP NFQUEUE RATEEST REDIRECT " +
    "SAME SECMARK SET SNAT SNPT SYNPROXY TCPMSS TCPOPTSTRIP TEE TOS TPROXY TTL TARPIT DELUDE CHAOS STEAL ECHO " +
    "ACCOUNT DNETMAP IPMARK LOGMARK RAWDNAT RAWSNAT SYSRQ DHCPMAC PROTO NDPI FLOWOFFLOAD FULLCONENAT IMQ NAT LSCAN"
  ).split(" "),
);

/** Rules that jump to chains that do not exist. A text that declares no chains is part of a larger one. */
export const jumpTargetMissing: TextRule = ({ tables }, sink) => {
  for (const table of tables) {
    if (!table.declaresChains && !table.hasBuiltIns) continue;
    for (const { name, rules } of table.chains.values()) {
      for (const placed of rules) {
        const { rule } = placed;
        const lead = leadOf(rule);
        if (lead === undefined || table.chains.has(lead.chain)) continue;
        if (!lead.isGoto && extensions.has(lead.chain)) continue;
        sink.reporter(chainSubject(table, name))("jump-target-missing", placed.place, {
          chain: lead.chain,
          table: table.name,
        });
      }
    }
  }
};
