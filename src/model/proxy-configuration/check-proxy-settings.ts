import { parseCidr, parseIp } from "../address.ts";
import {
  booleanField,
  type Fields,
  integerField,
  placeOf,
  recordField,
  textField,
  textsField,
} from "../fields/fields.ts";
import { didYouMean } from "../fields/name-map.ts";
import { type KubeProxyVersion, versionTraits } from "./kube-proxy-version.ts";
import { defaultProxyConfiguration, type IpvsSettings, type ProxyMode } from "./proxy-configuration.ts";

const units: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  μs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
};

/** Reads a Go duration such as 1h30m or 250ms, as metav1.Duration does. Gives seconds, or undefined. */
export function parseDuration(text: string): number | undefined {
  const unsigned = text.replace(/^[-+]/, "");
  if (unsigned === "0") return 0;
  if (!/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(unsigned)) return undefined;
  let seconds = 0;
  for (const [, number, unit] of unsigned.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    seconds += Number(number) * (units[unit ?? ""] ?? 0);
  }
  return text.startsWith("-") ? -seconds : seconds;
}

/** Reports a value that kube-proxy refuses to start with. */
export function refuse(fields: Fields, field: string, rule: string, got: unknown): void {
  fields.report("proxy-config-value-refused", placeOf(fields, field), { field, rule, got });
}

/** Settings that make no rules, but with which kube-proxy does not start when they are wrong. */
export function checkOtherSettings(fields: Fields, mode: ProxyMode, version: KubeProxyVersion): void {
  checkSyncPeriods(fields, mode);
  if (durationField(fields, "configSyncPeriod") < 0)
    refuse(fields, "configSyncPeriod", "must be greater than 0", "a negative one");
  const oom = integerField(fields, "oomScoreAdj") ?? 0;
  if (oom < -1000 || oom > 1000) refuse(fields, "oomScoreAdj", "must be from -1000 to 1000", oom);
  const hidden = textField(fields, "showHiddenMetricsForVersion") ?? "";
  const { hiddenMetrics } = versionTraits(version);
  if (hidden !== "" && hidden !== hiddenMetrics)
    refuse(fields, "showHiddenMetricsForVersion", `must be ${hiddenMetrics} or empty`, hidden);
  const client = recordField(fields, "clientConnection");
  if (client !== undefined && (integerField(client, "burst") ?? 0) < 0) {
    refuse(client, "burst", "must not be negative", client.value.burst);
  }
  const conntrack = recordField(fields, "conntrack");
  if (conntrack !== undefined) checkConntrack(conntrack);
  const logging = recordField(fields, "logging");
  const format = logging === undefined ? "" : (textField(logging, "format") ?? "");
  if (logging !== undefined && !["", "text", "json"].includes(format))
    refuse(logging, "format", "must be text or json", format);
}

const defaultMinSyncSeconds: Readonly<Record<ProxyMode, number>> = { iptables: 1, ipvs: 0, nftables: 1 };

/** minSyncPeriod may not exceed syncPeriod; 0 means the defaults, 30 s and that of the mode. */
function checkSyncPeriods(fields: Fields, mode: ProxyMode): void {
  const section = recordField(fields, mode);
  if (section === undefined) return;
  const sync = durationField(section, "syncPeriod") || 30;
  const least = durationField(section, "minSyncPeriod") || defaultMinSyncSeconds[mode];
  if (sync < 0) refuse(section, "syncPeriod", "must be greater than 0", section.value.syncPeriod);
  else if (least < 0) refuse(section, "minSyncPeriod", "must not be negative", section.value.minSyncPeriod);
  else if (least > sync)
    refuse(section, "minSyncPeriod", "must not be greater than syncPeriod", section.value.minSyncPeriod);
}

function checkConntrack(conntrack: Fields): void {
  for (const field of ["maxPerCore", "min"]) {
    if ((integerField(conntrack, field) ?? 0) < 0)
      refuse(conntrack, field, "must not be negative", conntrack.value[field]);
  }
  for (const field of ["tcpEstablishedTimeout", "tcpCloseWaitTimeout", "udpTimeout", "udpStreamTimeout"]) {
    if (durationField(conntrack, field) < 0) refuse(conntrack, field, "must not be negative", conntrack.value[field]);
  }
}

/** Seconds; 0 where it is missing or (reported) no duration. */
export function durationField(fields: Fields, key: string): number {
  const text = textField(fields, key);
  if (text === undefined) return 0;
  const seconds = parseDuration(text);
  if (seconds === undefined) refuse(fields, key, "must be a duration such as 30s or 1h0m0s", text);
  return seconds ?? 0;
}

/** `IP:port`; kube-proxy adds the port to a bare address. */
export function checkHostPort(fields: Fields, key: string): void {
  const text = textField(fields, key) ?? "";
  if (text === "" || parseIp(text) !== undefined) return;
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*)):(\d+)$/.exec(text) ?? [];
  const number = Number(port);
  const valid = parseIp(bracketed ?? plain ?? "") !== undefined && number >= 1 && number <= 65_535;
  if (!valid) refuse(fields, key, "must be IP:port", text);
}

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
