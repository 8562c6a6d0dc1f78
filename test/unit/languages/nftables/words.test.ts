import { expect, it } from "vitest";
import { numberOf, secondsOf } from "../../../../src/languages/nftables/words.ts";

it.each([
  ["90", 90],
  ["3h", 10_800],
  ["1h30m", 5400],
  ["1d2h3m4s500ms", 93_784.5],
  ["5m", 300],
  ["20ms", 0.02],
  ["", undefined],
  ["h", undefined],
  ["1s1m", undefined],
  ["1h ", undefined],
  ["x1h", undefined],
])("%j in seconds", (word, seconds) => {
  expect(secondsOf(word)).toBe(seconds);
});

it.each([
  ["10", 10],
  ["0x4000", 0x4000],
  ["0XFFFFFFFF", 0xffffffff],
  ["4294967295", 0xffffffff],
  ["", undefined],
  ["-1", undefined],
  ["1x", undefined],
  ["x1", undefined],
  [undefined, undefined],
])("%j as a number", (word, value) => {
  expect(numberOf(word)).toBe(value);
});
