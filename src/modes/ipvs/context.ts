import type { IpAddress } from "../../model/address.ts";
import type { IpvsSettings } from "../../model/proxy-configuration.ts";
import type { ServicePortPlan } from "../../resolve/forwarding-plan.ts";
import type { Cause } from "../cause.ts";

/** What lowering a service port needs to know besides its plan. */
export interface IpvsContext {
  readonly ipvs: IpvsSettings;
  /** Where node ports are served: a virtual server stands on each. */
  readonly nodePortAddresses: readonly IpAddress[];
  /** Every address of the host. */
  readonly hostAddresses: ReadonlySet<string>;
  /** Told about a second service port on the address and port of a virtual server. */
  readonly reportShared: (plan: ServicePortPlan, address: string, cause: Cause) => void;
}
