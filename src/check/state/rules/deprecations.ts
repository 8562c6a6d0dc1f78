import { createSubject, type Sink } from "../../../diagnostics/diagnostic.ts";
import { at } from "../../../diagnostics/place.ts";
import type { CheckedService, CheckedState, StateRule } from "../checked-state.ts";

/** Deprecated fields, objects and modes, with the version that removes them. */
export const deprecations: StateRule = (state, sink) => {
  const { allowExternalIps } = state.cluster.proxyConfiguration;
  for (const checked of state.services) {
    const { service, report } = checked;
    if (checked.isProxied && allowExternalIps && service.externalIps.length > 0)
      report("external-ips-deprecated", at(at(service.place, "spec"), "externalIPs"), {});
    reportFields(checked);
  }
  for (const { source, namespace, name, place } of state.cluster.slices) {
    if (source !== "Endpoints") continue;
    sink.reporter(createSubject("Endpoints", namespace, name))("endpoints-deprecated", place, {});
  }
  reportMode(state, sink);
};

const topologyHints = "service.kubernetes.io/topology-aware-hints";

function reportFields({ service, spec, report }: CheckedService): void {
  const specPlace = at(service.place, "spec");
  if (typeof spec.loadBalancerIP === "string" && spec.loadBalancerIP !== "") {
    const instead = "use the annotation of your load balancer";
    report("service-field-deprecated", at(specPlace, "loadBalancerIP"), {
      field: "loadBalancerIP",
      since: "1.24",
      instead,
    });
  }
  if (spec.trafficDistribution === "PreferClose") {
    const instead = "PreferSameZone means the same";
    const parameters = { field: "trafficDistribution PreferClose", since: "1.34", instead };
    report("service-field-deprecated", at(specPlace, "trafficDistribution"), parameters);
  }
  if (service.annotations[topologyHints] !== undefined) {
    const place = at(at(at(service.place, "metadata"), "annotations"), topologyHints);
    const instead = "use spec.trafficDistribution";
    report("service-field-deprecated", place, { field: `the annotation ${topologyHints}`, since: "1.27", instead });
  }
}

function reportMode({ cluster, program, givenConfiguration }: CheckedState, sink: Sink): void {
  const { place } = cluster.proxyConfiguration;
  const report = sink.reporter(createSubject("KubeProxyConfiguration"));
  const given = givenConfiguration?.mode;
  const modePlace = place && given !== undefined ? at(place, "mode") : undefined;
  if (program.deprecation !== undefined) report("proxy-mode-deprecated", modePlace, {});
  else if (givenConfiguration !== undefined && (given === undefined || given === null || given === ""))
    report("proxy-mode-default-changes", modePlace ?? place, {});
}
