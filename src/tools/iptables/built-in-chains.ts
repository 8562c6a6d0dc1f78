/** The kernel's own chains, where packets come in. */
export const builtInChains: ReadonlySet<string> = new Set(["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]);
