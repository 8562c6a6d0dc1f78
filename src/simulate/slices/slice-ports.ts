import { recordsOf, textOf, type Value } from "../values.ts";
import type { PodFacts } from "./pod-facts.ts";

/**
 * The ports of a Service as one pod serves them: a name is looked up among the pod's containers, and a port that no
 * container names is left out (getEndpointPorts of k8s.io/endpointslice, FindPort of pkg/api/v1/pod).
 */
export function slicePorts(spec: Value, pod: PodFacts): readonly Value[] {
  return recordsOf(spec.ports).flatMap((servicePort) => {
    const protocol = textOf(servicePort.protocol) ?? "TCP";
    const port = findPort(servicePort, protocol, pod);
    if (port === undefined) return [];
    const appProtocol = textOf(servicePort.appProtocol);
    const name = typeof servicePort.name === "string" ? servicePort.name : "";
    return [{ name, port, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }];
  });
}

function findPort({ port, targetPort }: Value, protocol: string, pod: PodFacts): number | undefined {
  if (typeof targetPort === "string" && targetPort !== "") {
    const found = pod.ports.find(
      (candidate) => candidate.name === targetPort && (textOf(candidate.protocol) ?? "TCP") === protocol,
    );
    return typeof found?.containerPort === "number" ? found.containerPort : undefined;
  }
  const wanted = typeof targetPort === "number" && targetPort !== 0 ? targetPort : port;
  return typeof wanted === "number" ? wanted : undefined;
}
