import { checkCluster } from "../../src/check/state/check-state.ts";
import { checkHosts, readHosts } from "../../src/check/text/check-host.ts";

import { createSink, type Diagnostic } from "../../src/diagnostics/diagnostic.ts";
import { readDocuments } from "../../src/model/documents/read-documents.ts";
import type { ProxyMode } from "../../src/model/proxy-configuration/proxy-configuration.ts";

/** What `check` finds in manifests. */
export function findInState(text: string, mode?: ProxyMode): readonly Diagnostic[] {
  const sink = createSink();
  const documents = readDocuments({ name: "in.yaml", text }).documents.map(({ value }) => value);
  checkCluster(
    {
      documents,
      roles: { proxyConfigDocument: undefined, overlaysFrom: undefined },
      options: { mode },
      node: undefined,
    },
    sink,
  );
  return sink.diagnostics;
}

/** What `check --actual` finds in texts of one host, as `code file:line`. */
export function findInTexts(texts: Readonly<Record<string, string>>): readonly string[] {
  const sink = createSink();
  const names = Object.keys(texts);
  const files = names.map((name, document) => ({ name, text: texts[name] as string, document, isFromFolder: false }));
  checkHosts(readHosts("", files, sink), sink);
  return sink.diagnostics.map(({ code, origin }) => `${code} ${names[origin?.document ?? 0]}:${origin?.path[0]}`);
}
