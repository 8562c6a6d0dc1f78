import fc from "fast-check";
import { expect, test } from "vitest";
import { type AddressSet, isEmpty, parseAddressSet, subtract, unite } from "../../../src/datapath/address-set.ts";
import { fewestNetworks } from "../../../src/diff/name-sources.ts";

function setOf(...networks: readonly string[]): AddressSet {
  return unite(
    networks.map((network) => parseAddressSet(network) as AddressSet),
    32,
  );
}

test("what is free does not tear a network apart", () => {
  const whole = setOf("0.0.0.0/0");
  const pods = setOf("10.244.1.0/24", "192.0.2.10", "127.0.0.0/8");
  const outside = subtract(whole, pods);
  const cluster = subtract(setOf("10.244.0.0/16"), pods);
  expect(fewestNetworks(cluster, pods)).toEqual(["10.244.0.0/16"]);
  expect(fewestNetworks(outside, pods)).toEqual(["0.0.0.0/0"]);
  expect(fewestNetworks(subtract(setOf("192.0.2.0/24"), pods), pods)).toEqual(["192.0.2.0/24"]);
  expect(fewestNetworks(setOf("10.0.0.1"), subtract(whole, setOf("10.0.0.1")))).toEqual(["10.0.0.1"]);
});

test("networks hold what is wanted and nothing that is neither wanted nor free", () => {
  // Eight addresses, so that all shapes come up.
  const some = fc.array(fc.boolean(), { minLength: 8, maxLength: 8 });
  fc.assert(
    fc.property(some, some, (isWanted, isFree) => {
      const pick = (which: readonly boolean[]) => setOf(...which.flatMap((is, at) => (is ? [`10.0.0.${at}`] : [])));
      const wanted = pick(isWanted);
      const free = subtract(pick(isFree), wanted);
      const networks = fewestNetworks(wanted, free);
      const found = setOf(...networks);
      expect(isEmpty(subtract(wanted, found))).toBe(true);
      expect(isEmpty(subtract(subtract(found, wanted), free))).toBe(true);
      expect(networks.length).toBeLessThanOrEqual(fewestNetworks(wanted, setOf()).length);
    }),
  );
});
