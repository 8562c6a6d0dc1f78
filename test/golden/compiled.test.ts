import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { compile } from "../../src/compile/compile.ts";
import { caseDocuments, caseFolder, goldenCases, modesOf, readCase } from "../harness/golden-cases.ts";

/** `generated.test.ts` compares all that the program prints; here each case is compiled in this process, which mutants need. */
const cases = goldenCases().flatMap((name) => modesOf(name).map((mode) => [name, mode] as const));

describe("golden cases hold what is compiled", () => {
  it.each(cases)("%s, in %s mode", (name, mode) => {
    const { node, flags = [] } = readCase(caseFolder(name));
    const [proxyConfig] = caseDocuments(name, "kube-proxy.yaml");
    const kubeProxyVersion = flags.includes("1.36") ? "1.36" : undefined;
    const hostPorts = flags.includes("--host-ports");
    const { script } = compile(caseDocuments(name), { node, mode, proxyConfig, kubeProxyVersion, hostPorts });
    const compiled = script?.steps.flatMap(({ file, stdin }) =>
      file === undefined || stdin.length === 0 ? [] : [[file, new TextDecoder().decode(stdin)]],
    );
    const folder = join(caseFolder(name), mode);
    const stored = readdirSync(folder).filter((file) => file !== "apply.sh");
    expect(Object.fromEntries(compiled ?? [])).toEqual(
      Object.fromEntries(stored.map((file) => [file, readFileSync(join(folder, file), "utf8")])),
    );
  });
});
