import type { Feature, Step } from "../../ir/step.ts";
import { quoteWord } from "../shell.ts";

/** The schedulers of the virtual servers that steps make. */
export function serverFeatures(steps: readonly Step[]): readonly Feature[] {
  const schedulers = new Set<string>();
  for (const { argv, stdin } of steps) {
    if (argv[0] !== "ipvsadm") continue;
    for (const [, name] of stdin.matchAll(/^-[AE] .* -s (\S+)/gm)) schedulers.add(name as string);
  }
  return [...schedulers].map((name) => ({
    name: `IPVS with scheduler ${name}`,
    commands: ["ip link set lo up", `ipvsadm -A -t 192.0.2.1:80 -s ${quoteWord(name)}`],
  }));
}
