import { createSubject, type Sink } from "../../diagnostics/diagnostic.ts";
import { at, documentPlace, type Place } from "../../diagnostics/place.ts";
import type { HostDocument } from "../../ir/artifact.ts";
import type { ServiceDestination, TrafficHost } from "./traffic-mode.ts";

/** Settings of the kernel that keep packets of Services from their endpoints. */
export function checkSettings(
  document: HostDocument,
  traffic: TrafficHost,
  destinations: readonly ServiceDestination[],
  sink: Sink,
): void {
  const own = destinations.filter(({ family }) => family === "ipv4");
  const report = (name: string, effect: string, affected: readonly ServiceDestination[]): void => {
    if (affected.length === 0 || traffic.sysctls.get(name) !== "0") return;
    const services = [...new Set(affected.flatMap(({ service }) => (service === undefined ? [] : [service])))];
    const setting = `${name} = 0`;
    sink.reporter(createSubject())(
      "node-setting-breaks-services",
      placeOf(document, setting),
      { setting, effect },
      {
        hint: `set it: sysctl -w ${name}=1, and in /etc/sysctl.d so that it stays`,
        services,
      },
    );
  };
  report("net.ipv4.ip_forward", "the node forwards no packets: pods and other hosts reach no endpoint", own);
  const nodePorts = own.filter(({ kind }) => kind === "node-port");
  const onLoopback = traffic.mode.servesLoopback(traffic) ? nodePorts : [];
  report("net.ipv4.conf.all.route_localnet", "node ports do not answer on 127.0.0.1", onLoopback);
}

function placeOf({ texts }: HostDocument, setting: string): Place | undefined {
  for (const { heading, text, source, firstLine } of texts) {
    const index = heading.startsWith("sysctl ") ? text.split("\n").indexOf(setting) : -1;
    if (index >= 0) return at(documentPlace(source), firstLine + index);
  }
  return undefined;
}
