import type { Migration } from "../../migrate/migrate.ts";
import { printYaml } from "../yaml.ts";

/**
 * The configuration to use, as a patch for `kubectl -n kube-system patch configmap kube-proxy --patch-file FILE`. The
 * key holds one text, so the patch has all of it; other keys of the ConfigMap stay.
 */
export function renderPatch({ proxyConfiguration }: Migration): string {
  return printYaml({ data: { "config.conf": printYaml(proxyConfiguration) } });
}
