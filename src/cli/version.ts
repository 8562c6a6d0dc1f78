import { readFileSync } from "node:fs";

/** Portolan's own version, and the kube-proxy whose rules it reproduces. */
export function versionText(): string {
  const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return `portolan ${manifest.version} (rules of kube-proxy 1.36.3)`;
}
