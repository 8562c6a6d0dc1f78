import { type Family, parseIp } from "../../model/address.ts";
import { podIps } from "../pods/address-pods.ts";
import { isGiven, recordOf, recordsOf, type Texts, textMapOf, textOf, type Value } from "../values.ts";

/** What the EndpointSlice controller asks of a pod. */
export interface PodFacts {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string | undefined;
  readonly labels: Texts;
  readonly ips: Readonly<Partial<Record<Family, string>>>;
  readonly nodeName: string | undefined;
  readonly isReady: boolean;
  readonly isTerminating: boolean;
  readonly hostname: string | undefined;
  readonly subdomain: string | undefined;
  /** Of its containers and sidecars, in order. */
  readonly ports: readonly Value[];
}

/** Reads a pod; undefined where it is no endpoint of anything: it has no address, or has come to its end. */
export function podFacts(value: Value): PodFacts | undefined {
  const metadata = recordOf(value.metadata);
  const spec = recordOf(value.spec);
  const status = recordOf(value.status);
  if (status.phase === "Succeeded" || status.phase === "Failed") return undefined;
  const ips: Partial<Record<Family, string>> = {};
  for (const text of podIps(value)) {
    const ip = parseIp(text);
    if (ip !== undefined) ips[ip.family] ??= ip.text;
  }
  if (Object.keys(ips).length === 0) return undefined;
  const sidecars = recordsOf(spec.initContainers).filter(({ restartPolicy }) => restartPolicy === "Always");
  return {
    name: textOf(metadata.name) ?? "",
    namespace: textOf(metadata.namespace) ?? "default",
    uid: textOf(metadata.uid),
    labels: textMapOf(metadata.labels),
    ips,
    nodeName: textOf(spec.nodeName),
    isReady: recordsOf(status.conditions).some(({ type, status: is }) => type === "Ready" && is === "True"),
    isTerminating: isGiven(metadata.deletionTimestamp),
    hostname: textOf(spec.hostname),
    subdomain: textOf(spec.subdomain),
    ports: [...recordsOf(spec.containers), ...sidecars].flatMap(({ ports }) => recordsOf(ports)),
  };
}
