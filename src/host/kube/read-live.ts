import type { SourceDocument } from "../../model/documents/source.ts";
import { isRecord } from "../../model/fields/fields.ts";
import { chooseTarget, type TargetChoice } from "./choose-target.ts";
import { connect, type Patience } from "./connect.ts";
import { type Entry, type Failed, failed, readKubeconfig, serviceAccountFolder, textOf } from "./kubeconfig.ts";
import { createRoom, listObjects } from "./list-objects.ts";
import { isLeftOut, leftOutText, type Need, type Resource, resourcesFor } from "./resources.ts";

export interface LiveRequest extends TargetChoice, Patience {
  readonly kubeconfig: string | undefined;
  readonly need: Need;
  /** False if another configuration replaces that of the cluster. */
  readonly withConfiguration: boolean;
}

/** A cluster's objects, one document each, kind by kind in the order of the API server. */
export interface LiveState {
  readonly kind: "live";
  readonly context: string;
  readonly documents: readonly SourceDocument[];
  readonly hasConfiguration: boolean;
  /** The missing permission to read pods, if the request continues without them. */
  readonly podsForbidden: string | undefined;
  /** The missing permissions to read other kinds that are left out, and what that means. */
  readonly leftOut: readonly string[];
}

/** Reads the state of a running cluster. `onProgress` is called with the current activity. Nothing is written. */
export async function readLive(request: LiveRequest, onProgress: (what: string) => void): Promise<LiveState | Failed> {
  const kubeconfig = readKubeconfig({
    file: request.kubeconfig,
    environment: process.env,
    serviceAccount: serviceAccountFolder,
  });
  if (kubeconfig.kind === "failed") return kubeconfig;
  const target = chooseTarget(kubeconfig, request);
  if (target.kind === "failed") return target;
  const { context, server } = target;
  onProgress(`connecting to ${context}`);
  const connection = await connect(target, request);
  if (connection.kind === "failed") return connection;
  const resources = resourcesFor(request.need, request.withConfiguration);
  const room = createRoom();
  const lists = await Promise.all(
    resources.map((resource) => {
      const onCount = (count: number) => onProgress(`reading ${context}: ${count} ${resource.plural}`);
      return listObjects(connection, resource, { onCount, room });
    }),
  );
  const documents: SourceDocument[] = [];
  const leftOut: string[] = [];
  let podsForbidden: string | undefined;
  for (const [index, list] of lists.entries()) {
    const resource = resources[index] as Resource;
    if (list.kind === "listed") {
      for (const object of list.objects) documents.push(documentOf(object, resource, context));
    } else if (list.status === 403 && resource.kind === "Pod" && request.need === "pods-unless-forbidden") {
      podsForbidden = connection.conceal(list.message);
    } else if (isLeftOut(resource, list.status)) {
      if (list.status === 403) leftOut.push(connection.conceal(leftOutText(resource, list.message)));
    } else return failed(connection.conceal(`cannot read ${context} (${server}): ${list.message}`));
  }
  const hasConfiguration = documents.some(({ value }) => isRecord(value) && value.kind === "ConfigMap");
  return { kind: "live", context, documents, hasConfiguration, podsForbidden, leftOut };
}

/** Named by kind and object: there is no file and no line. */
function documentOf(object: Entry, { kind }: Resource, context: string): SourceDocument {
  const metadata = isRecord(object.metadata) ? object.metadata : {};
  const namespace = textOf(metadata.namespace);
  const name = `${namespace === "" ? "" : `${namespace}/`}${textOf(metadata.name)}`;
  return {
    value: object,
    source: { name: `live:${kind} ${name} (context ${context})`, text: "" },
    form: { kind: "none" },
  };
}
