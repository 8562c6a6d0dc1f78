import { addressCodes } from "./catalog/address.ts";
import { checkClusterCodes } from "./catalog/check-cluster.ts";
import { checkServiceCodes } from "./catalog/check-services.ts";
import { checkTextCodes } from "./catalog/check-text.ts";
import { checkTrafficCodes } from "./catalog/check-traffic.ts";
import { endpointCodes } from "./catalog/endpoint.ts";
import { hostPortCodes } from "./catalog/host-ports.ts";
import { inputCodes, overlayCodes, planFileCodes, settingsCodes } from "./catalog/input.ts";
import { migrateCodes } from "./catalog/migrate.ts";
import { hostCodes, nodeCodes } from "./catalog/node.ts";
import { ipvsCodes, proxyConfigurationCodes } from "./catalog/proxy-configuration.ts";
import { serviceCodes } from "./catalog/service.ts";
import { simulateCodes } from "./catalog/simulate.ts";

/** Every diagnostic Portolan can give, by its stable code. `portolan explain CODE` prints `explanation`. */
export const catalog = {
  ...inputCodes,
  ...overlayCodes,
  ...simulateCodes,
  ...addressCodes,
  ...serviceCodes,
  ...endpointCodes,
  ...nodeCodes,
  ...proxyConfigurationCodes,
  ...ipvsCodes,
  ...checkServiceCodes,
  ...checkClusterCodes,
  ...checkTextCodes,
  ...checkTrafficCodes,
  ...migrateCodes,
  ...planFileCodes,
  ...settingsCodes,
  ...hostCodes,
  ...hostPortCodes,
} as const;

export type Code = keyof typeof catalog;

type Placeholder<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholder<Rest>
  : never;

/** What a code's message has to be given: one value for each of its {placeholders}. */
export type Parameters<C extends Code> = Readonly<Record<Placeholder<(typeof catalog)[C]["message"]>, unknown>>;

export function isCode(text: string): text is Code {
  return Object.hasOwn(catalog, text);
}
