import { readFileSync } from "node:fs";
import { notInstalled } from "../../changes/found/dump-doubts.ts";
import { featuresOf, parseProbe, printProbe } from "../../changes/found/probe.ts";
import type { ChangeStep } from "../../changes/step.ts";
import type { Run } from "./run-step.ts";

/** Why steps cannot be run on this host, each in a line; empty when they can. Nothing is changed to find out. */
export async function whyNotHere(steps: readonly ChangeStep[], run: Run): Promise<readonly string[]> {
  const capability = missingCapability();
  if (capability !== undefined) return [capability];
  const absent = await missingTools(steps, run);
  if (absent.length > 0) return absent.map((tool) => `${tool}: ${notInstalled}`);
  return missingFeatures(steps, run);
}

const netAdmin = 12n;

/** Tools need CAP_NET_ADMIN even to read, which root has outside of a container, and in a privileged one. */
export function missingCapability(): string | undefined {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";
  const isAllowed = (BigInt(`0x${effective}`) >> netAdmin) & 1n;
  return isAllowed ? undefined : "no permission: run it as root, in a container with the capability NET_ADMIN";
}

/** A tool that does not even print its version is taken for missing. */
async function missingTools(steps: readonly ChangeStep[], run: Run): Promise<readonly string[]> {
  const tools = [...new Set(steps.map(({ argv }) => argv[0] as string))];
  const versionOf: Readonly<Record<string, string>> = { ip: "-V" };
  const ran = await Promise.all(tools.map((tool) => run([tool, versionOf[tool] ?? "--version"], "")));
  return tools.filter((_, index) => ran[index]?.failure === notInstalled);
}

/** Tried in a network namespace that ends with the attempt. */
async function missingFeatures(steps: readonly ChangeStep[], run: Run): Promise<readonly string[]> {
  const features = featuresOf(steps);
  if (features.length === 0) return [];
  const { stdout, failure } = await run(["unshare", "--net", "sh"], printProbe(features));
  // Without scratch namespaces nothing is known; what is missing then shows while applying, and is undone.
  if (failure !== undefined && stdout === "") return [];
  return parseProbe(features, stdout).map(({ name, message }) => `${name}: ${message}`);
}
