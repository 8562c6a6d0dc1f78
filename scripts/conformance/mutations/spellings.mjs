/** Other spellings that kube-proxy reads as the same address: what older API servers may have stored. */
export function respell(address, random) {
  return address.includes(":") ? respellV6(address, random) : respellV4(address, random);
}

function respellV4(address, random) {
  const padded = address.replace(/\d+/g, (octet) => octet.padStart(3, "0"));
  return random.pick([padded, `0${address}`, `::ffff:${address}`]);
}

function respellV6(address, random) {
  return random.pick([
    address.toUpperCase(),
    expanded(address),
    address.replace(/([0-9a-f]+)$/, (group) => group.padStart(4, "0")),
  ]);
}

function expanded(address) {
  const [head, tail] = address.split("::").map((half) => half.split(":").filter((group) => group !== ""));
  if (tail === undefined) return address;
  return [...head, ...Array(8 - head.length - tail.length).fill("0"), ...tail].join(":");
}
