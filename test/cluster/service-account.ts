import { readFileSync } from "node:fs";
import { loadAll } from "js-yaml";
import type { ControlPlane } from "../../scripts/cluster/control-plane.mjs";

const manifests = new URL("../../scripts/deploy/rbac.yaml", import.meta.url);

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** Creates the service account of scripts/deploy with its rights; gives a new token of it at each call. */
export async function deployAccount({ call }: ControlPlane): Promise<() => Promise<string>> {
  for (const manifest of loadAll(readFileSync(manifests, "utf8")) as Manifest[]) {
    await call("POST", pathOf(manifest), manifest);
  }
  return async () => {
    const path = "/api/v1/namespaces/kube-system/serviceaccounts/portolan/token";
    const { text } = await call("POST", path, { spec: { expirationSeconds: 600 } });
    return JSON.parse(text).status.token;
  };
}

function pathOf({ apiVersion, kind, metadata: { namespace } }: Manifest): string {
  const group = apiVersion === "v1" ? "/api/v1" : `/apis/${apiVersion}`;
  const place = namespace === undefined ? "" : `/namespaces/${namespace}`;
  return `${group}${place}/${kind.toLowerCase()}s`;
}
