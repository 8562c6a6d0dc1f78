import { at } from "../../../diagnostics/place.ts";
import type { StateRule } from "../checked-state.ts";

/** Limits of session affinity: the number of clients, not the timeout, which every mode keeps. */
export const sessionAffinity: StateRule = ({ services, program }) => {
  if (program.affinityClients === undefined) return;
  const sticky = services.filter(({ service, isProxied }) => isProxied && service.affinity !== undefined);
  const [first] = sticky;
  const place = first && at(at(first.service.place, "spec"), "sessionAffinity");
  first?.report("affinity-client-limit", place, { count: sticky.length });
};
