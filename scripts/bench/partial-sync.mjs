const serviceChain = /^KUBE-(?:SVC|SVL|SEP|FW|EXT)-/;

/**
 * What kube-proxy's partial sync sends when the rules of one compiled text become those of another: the chains of all
 * Services whole, of a Service's own chains those of a Service that has changed, and those of its that go. Spelled as
 * iptables-save does, which makes it 2 % longer than kube-proxy's own.
 */
export function partialSync(before, after) {
  const was = tablesIn(before);
  return [...tablesIn(after)].map(([name, chains]) => printTable(name, chains, was.get(name) ?? new Map())).join("");
}

function printTable(name, chains, was) {
  const sent = [...chains.keys()].filter((chain) => !serviceChain.test(chain));
  const changed = [...chains.keys()].filter((chain) => serviceChain.test(chain) && !isSame(chain, chains, was));
  const touched = new Set(changed.flatMap((chain) => [chain, ...ledTo(chains.get(chain), chains)]));
  const stale = [...was.keys()].filter((chain) => !chains.has(chain));
  const all = [...sent, ...touched];
  const lines = [
    `*${name}`,
    ...[...all, ...stale].map((chain) => `:${chain} - [0:0]`),
    ...all.flatMap((chain) => chains.get(chain)),
    ...stale.map((chain) => `-X ${chain}`),
    "COMMIT",
  ];
  return `${lines.join("\n")}\n`;
}

function isSame(chain, chains, was) {
  return was.has(chain) && was.get(chain).join("\n") === chains.get(chain).join("\n");
}

/** A Service that has changed has its endpoint chains sent as well, changed or not. */
function ledTo(rules, chains) {
  const targets = rules.map((rule) => / -j (\S+)/.exec(rule)?.[1]);
  return targets.filter((target) => serviceChain.test(target) && chains.has(target));
}

/** Rules by table and chain. */
function tablesIn(text) {
  const tables = new Map();
  let chains = new Map();
  for (const line of text.split("\n")) {
    if (line.startsWith("*")) {
      chains = new Map();
      tables.set(line.slice(1), chains);
    } else if (line.startsWith(":")) chains.set(line.slice(1, line.indexOf(" ")), []);
    else if (line.startsWith("-A ")) chains.get(line.split(" ", 2)[1]).push(line);
  }
  return tables;
}
