import { parseIp } from "../address.ts";
import { type Fields, integerField, placeOf, recordField, textField } from "../fields/fields.ts";
import { parseDuration } from "./duration.ts";
import type { ProxyMode } from "./proxy-configuration.ts";

/** Reports a value that kube-proxy refuses to start with. */
export function refuse(fields: Fields, field: string, rule: string, got: unknown): void {
  fields.report("proxy-config-value-refused", placeOf(fields, field), { field, rule, got });
}

/** Settings that make no rules, but with which kube-proxy does not start when they are wrong. */
export function checkOtherSettings(fields: Fields, mode: ProxyMode): void {
  checkSyncPeriods(fields, mode);
  if (durationField(fields, "configSyncPeriod") < 0)
    refuse(fields, "configSyncPeriod", "must be greater than 0", "a negative one");
  const oom = integerField(fields, "oomScoreAdj") ?? 0;
  if (oom < -1000 || oom > 1000) refuse(fields, "oomScoreAdj", "must be from -1000 to 1000", oom);
  const hidden = textField(fields, "showHiddenMetricsForVersion") ?? "";
  if (hidden !== "" && hidden !== "1.35")
    refuse(fields, "showHiddenMetricsForVersion", "must be 1.35 or empty", hidden);
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

const defaultMinSyncSeconds: Readonly<Record<ProxyMode, number>> = { iptables: 1, ipvs: 0 };

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
