import { lineDifferences } from "./lines.mjs";

/** What differs between kube-proxy's tables of nftables and ours. */
export function nftDifferences(expected, compiled) {
  return ["ip", "ip6"].flatMap((family) => {
    const [listed, text] = [expected[`nft.${family}`], compiled[`nftables.${family}.nft`]];
    if (listed === undefined) return text === undefined ? [] : [`nftables.${family}.nft: written, not expected`];
    if (text === undefined) return [`nftables.${family}.nft: expected, not written`];
    return tableDifferences(family, listed, text);
  });
}

/** `listed` is a table as the oracle keeps it: blocks by name, elements one a line. Ours has the same form. */
function tableDifferences(family, listed, text) {
  const table = `table ${family} kube-proxy`;
  const start = `add ${table}\ndelete ${table}\n`;
  if (!text.startsWith(start)) return [`nftables.${family}.nft: does not begin with ${JSON.stringify(start)}`];
  const [want, have] = [listed, text.slice(start.length)].map((each) => each.split("\n").map(folded));
  return lineDifferences(table, want, have);
}

/** nft prints braces around several networks that merged into one, and none around one alone: the same rule. */
function folded(line) {
  return line.replace(/(\bip6? [sd]addr (?:!= )?)\{ ([^{},]+) \}/g, "$1$2");
}
