import type { Place } from "../../diagnostics/place.ts";
import type { InputObject } from "../../model/flatten-documents.ts";
import { invented } from "../mark.ts";
import type { SimulatedNode } from "../simulate-nodes.ts";
import { recordsOf, textOf, type Value } from "../values.ts";
import type { Workload } from "./read-workload.ts";

/** A pod on its node, without an address yet. */
export interface PlacedPod {
  readonly value: Value;
  readonly node: SimulatedNode;
  /** Of the object it was made for, or of itself. */
  readonly place: Place;
  /** The Pod of the input; undefined for an invented one. */
  readonly input: InputObject | undefined;
}

/** The pod that a controller makes of its template, with those fields that Services and checks ask for. */
export function podOfTemplate(
  { given, kind, labels, podSpec, serviceName }: Workload,
  { name, node }: { readonly name: string; readonly node: SimulatedNode },
): PlacedPod {
  const { namespace, input } = given;
  const isOrdered = kind === "StatefulSet";
  const subdomain = serviceName ?? textOf(podSpec.subdomain);
  const hostname = isOrdered ? name : textOf(podSpec.hostname);
  const containers = recordsOf(podSpec.containers).map((container) => only(container, ["name", "ports"]));
  const sidecars = recordsOf(podSpec.initContainers)
    .filter(({ restartPolicy }) => restartPolicy === "Always")
    .map((container) => only(container, ["name", "restartPolicy", "ports"]));
  const spec = {
    nodeName: node.name,
    ...(podSpec.hostNetwork === true ? { hostNetwork: true } : {}),
    ...(hostname === undefined ? {} : { hostname }),
    ...(subdomain === undefined ? {} : { subdomain }),
    ...(sidecars.length === 0 ? {} : { initContainers: sidecars }),
    containers,
  };
  const owner = { apiVersion: input.apiVersion, kind, name: given.name, controller: true };
  const metadata = { name, namespace, labels, annotations: invented, ownerReferences: [owner] };
  return { value: { apiVersion: "v1", kind: "Pod", metadata, spec }, node, place: input.place, input: undefined };
}

function only(value: Value, keys: readonly string[]): Value {
  return Object.fromEntries(keys.flatMap((key) => (value[key] === undefined ? [] : [[key, value[key]]])));
}
