import { fieldPath, originOf } from "../../diagnostics/place.ts";
import type { LineOrigin, ScriptStep } from "../../ir/artifact.ts";
import { joinLines, linesOf } from "../../ir/lines.ts";
import type { HostPortsPlan, PodPortsPlan, PortMapping } from "../../plan/hostports/host-ports-plan.ts";
import { type Cause, lineOrigin } from "../origins.ts";

/** A line of a text, and what it is there for. */
export interface CausedLine {
  readonly text: string;
  readonly cause: Cause | undefined;
}

/** The input of a step, with the origins of its lines where they are kept. */
export function textOf(lines: readonly CausedLine[], keepsOrigins: boolean): Pick<ScriptStep, "stdin" | "origins"> {
  const stdin = joinLines([linesOf(lines.map(({ text }) => text))]);
  if (!keepsOrigins) return { stdin };
  const origins = lines.flatMap(({ cause }, index): readonly LineOrigin[] =>
    cause === undefined ? [] : [lineOrigin(index + 1, cause)],
  );
  return { stdin, origins };
}

/** The origin of what all pods with host ports share. */
export const portmapCause: Cause = { kind: "portmap", namespace: "", name: "", field: "", place: undefined };

/** The origin of what belongs to a pod. */
export function podCause({ namespace, name, place }: PodPortsPlan): Cause {
  return { kind: "Pod", namespace, name, field: "spec.containers", place };
}

/** The origin of what belongs to one of its ports. */
export function mappingCause({ namespace, name, place: pod }: PodPortsPlan, { place }: PortMapping): Cause {
  const field = fieldPath(originOf(place).path.slice(originOf(pod).path.length));
  return { kind: "Pod", namespace, name, field, place };
}

/** Lets host ports answer on 127.0.0.1: on the interface towards the pods. In the key, a dot of its name is a slash. */
export function sysctlSteps({ plugin, pods, podInterface }: HostPortsPlan): readonly ScriptStep[] {
  if (!plugin.snat || !pods.some(({ addresses }) => addresses.some(({ ip }) => ip.family === "ipv4"))) return [];
  const line = `net.ipv4.conf.${podInterface.replaceAll(".", "/")}.route_localnet = 1`;
  return [
    {
      purpose: "let host ports answer on 127.0.0.1",
      argv: ["sysctl", "-p", "-"],
      stdin: joinLines([linesOf([line])]),
      language: "sysctl",
      file: "sysctl.conf",
    },
  ];
}
