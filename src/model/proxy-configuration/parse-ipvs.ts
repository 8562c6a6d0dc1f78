import { parseCidr } from "../address.ts";
import { didYouMean } from "../fields/did-you-mean.ts";
import { booleanField, type Fields, placeOf, recordField, textField, textsField } from "../fields/fields.ts";
import { durationField, refuse } from "./check-proxy-settings.ts";
import { defaultProxyConfiguration, type IpvsSettings, type ProxyMode } from "./proxy-configuration.ts";

/** The schedulers of Linux, each a kernel module ip_vs_NAME. */
const schedulers = "rr wrr lc wlc fo ovf lblc lblcr dh sh mh sed nq twos".split(" ");

const section = "ipvs" satisfies ProxyMode;

/** kube-proxy checks the section of the mode that it runs in, and no other. */
export function parseIpvs(fields: Fields, mode: ProxyMode): IpvsSettings {
  const ipvs = recordField(fields, section);
  if (ipvs === undefined) return defaultProxyConfiguration.ipvs;
  const scheduler = textField(ipvs, "scheduler") || defaultProxyConfiguration.ipvs.scheduler;
  if (mode === section) checkIpvs(ipvs, scheduler);
  const durations = ["tcpTimeout", "tcpFinTimeout", "udpTimeout"].map((field) => durationField(ipvs, field));
  // Whether any is set is asked before they are cut to whole seconds.
  const [tcp, tcpFin, udp] = durations.map(Math.trunc) as [number, number, number];
  const timeouts = durations.some((seconds) => seconds > 0) ? { tcp, tcpFin, udp } : undefined;
  const excluded = textsField(ipvs, "excludeCIDRs").map(({ value }) => parseCidr(value));
  const excludeCidrs = excluded.filter((cidr) => cidr !== undefined);
  return { scheduler, strictArp: booleanField(ipvs, "strictARP") ?? false, timeouts, excludeCidrs };
}

function checkIpvs(ipvs: Fields, scheduler: string): void {
  if (!schedulers.includes(scheduler)) {
    const near = didYouMean(scheduler, schedulers);
    const hint = near === undefined ? `supported: ${schedulers.join(" ")}` : `did you mean ${near}?`;
    ipvs.report("ipvs-scheduler-unknown", placeOf(ipvs, "scheduler"), { got: scheduler }, { hint });
  }
  for (const field of ["tcpTimeout", "tcpFinTimeout", "udpTimeout"]) {
    if (durationField(ipvs, field) < 0) refuse(ipvs, field, "must not be negative", ipvs.value[field]);
  }
  for (const { value, place } of textsField(ipvs, "excludeCIDRs")) {
    if (parseCidr(value) !== undefined) continue;
    ipvs.report("proxy-config-value-refused", place, { field: "excludeCIDRs", rule: "must hold CIDRs", got: value });
  }
}
