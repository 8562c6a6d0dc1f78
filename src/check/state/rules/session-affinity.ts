import { at } from "../../../diagnostics/place.ts";
import type { StateRule } from "../checked-state.ts";

/** What limits session affinity: not its timeout, which both modes keep, but the room xt_recent has for clients. */
export const sessionAffinity: StateRule = ({ services, cluster }) => {
  if (cluster.proxyConfiguration.mode === "ipvs") return;
  const sticky = services.filter(({ service, isProxied }) => isProxied && service.affinity !== undefined);
  const [first] = sticky;
  const place = first && at(at(first.service.place, "spec"), "sessionAffinity");
  first?.report("affinity-client-limit", place, { count: sticky.length });
};
