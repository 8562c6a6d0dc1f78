import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sha256Base32Prefix, sha256Base64 } from "../../../src/model/sha256.ts";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** RFC 4648, by way of one big number. */
function base32(digest: Buffer): string {
  let number = BigInt(`0x${digest.toString("hex")}`) << 4n;
  let text = "";
  for (let i = 0; i < 52; i++, number >>= 5n) text = alphabet[Number(number & 31n)] + text;
  return text;
}

function reference(text: string): string {
  return base32(createHash("sha256").update(text, "latin1").digest()).slice(0, 16);
}

describe("the whole digest", () => {
  it("is that of node:crypto, and leaves chain names as they are", () => {
    for (const length of [0, 1, 55, 56, 64, 1000, 20_000]) {
      const text = "body{margin:0}".repeat(1500).slice(0, length);
      sha256Base32Prefix("KUBE-SVC", "");
      expect(sha256Base64(text)).toBe(createHash("sha256").update(text).digest("base64"));
      expect(sha256Base32Prefix("KUBE-SVC", "")).toBe(reference("KUBE-SVC"));
    }
  });
});

describe("the hash in chain names", () => {
  it("is that of node:crypto for every length to 300", () => {
    for (let length = 0; length <= 300; length++) {
      const text = "shop/web:http".repeat(30).slice(0, length);
      expect(sha256Base32Prefix(text, ""), String(length)).toBe(reference(text));
    }
  });

  it("is that of node:crypto for random ASCII", () => {
    const ascii = fc.string({
      unit: fc.integer({ min: 0, max: 127 }).map((code) => String.fromCharCode(code)),
      maxLength: 300,
    });
    fc.assert(
      fc.property(ascii, (text) => {
        expect(sha256Base32Prefix("", text)).toBe(reference(text));
      }),
      { numRuns: 1000 },
    );
  });

  it("is the same for texts that begin alike", () => {
    const start = "shop/web:httptcp";
    const ends = [0, 400, 39, 40, 3, 700, 1].map((length) => "10.0.0.1:8080,".repeat(50).slice(0, length));
    for (const end of ends) expect(sha256Base32Prefix(start, end)).toBe(reference(start + end));
  });
});
