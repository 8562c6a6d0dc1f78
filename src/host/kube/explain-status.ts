import { isRecord } from "../../model/fields/fields.ts";
import type { Target } from "./choose-target.ts";
import type { Answer } from "./request.ts";
import type { Resource } from "./resources.ts";

/** The request; `get` is for one object. */
export interface ApiQuery {
  readonly verb: "get" | "list" | "watch";
  readonly resource: Resource;
}

/** Explains an HTTP status other than 200 in response to reading these objects. */
export function explainStatus(answer: Answer, { verb, resource }: ApiQuery, target: Target): string {
  const { plural, object, only = object } = resource;
  const what = only === undefined ? plural : `${plural} ${only.namespace}/${only.name}`;
  const who = target.userName === "" ? "nobody" : `user ${target.userName}`;
  const said = messageOf(answer.body);
  switch (answer.status) {
    case 401:
      return (
        `the server does not accept the credentials of ${who} (401 Unauthorized): ` +
        "the token or certificate is missing, wrong or has expired; log in again"
      );
    case 403: {
      const where = only === undefined ? "in all namespaces" : `in namespace ${only.namespace}`;
      const hint = only === undefined ? "" : "; or pass the configuration with --proxy-config FILE";
      const isNode = plural === "nodes";
      return `forbidden: missing permission to ${verb} ${plural}${isNode ? "" : ` ${where}`}${hint}${quoted(said)}`;
    }
    case 404:
      return `the server has no ${plural} (${resource.apiVersion}): it is too old, or not a Kubernetes API server`;
    case 429:
    case 503:
      return `the server is too busy to ${verb} ${what} (${answer.status})${quoted(said)}`;
  }
  return `the server cannot ${verb} ${what}: HTTP status ${answer.status}${quoted(said)}`;
}

function quoted(said: string | undefined): string {
  return said === undefined ? "" : `\n  response: ${said}`;
}

/** The message of the Status object in the response. */
function messageOf(body: string): string | undefined {
  try {
    const status: unknown = JSON.parse(body);
    const message = isRecord(status) ? status.message : undefined;
    return typeof message === "string" && message !== "" ? message.slice(0, 500).replace(/\s+/g, " ") : undefined;
  } catch {
    return undefined;
  }
}
