import type { HostTexts, TextPart } from "../evaluate/host-texts.ts";
import type { Script } from "../tools/script.ts";

/** What a host that had nothing of ours holds once a script has run on it. */
export function scriptTexts({ steps }: Script): HostTexts {
  const decoder = new TextDecoder();
  const parts = (...files: readonly string[]): readonly TextPart[] =>
    files.flatMap((file) => {
      const stdin = steps.find((step) => step.file === file)?.stdin;
      return stdin === undefined || stdin.length === 0 ? [] : [{ file, text: decoder.decode(stdin) }];
    });
  const [addresses] = parts("addresses.batch");
  return {
    iptables: parts("iptables.restore", "iptables.jumps"),
    ip6tables: parts("ip6tables.restore", "ip6tables.jumps"),
    ipset: parts("ipset.restore"),
    ipvs: parts("ipvs.restore"),
    serviceAddresses: [...(addresses?.text ?? "").matchAll(bound)].map(([, address = ""]) => address),
  };
}

const bound = /^addr replace (\S+)\/(?:32|128) dev kube-ipvs0$/gm;
