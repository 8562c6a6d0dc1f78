/** A digest that nobody can guess: random digits for each text, the same ones as long as this function lives. */
export function createRandomDigest(randomBytes: (count: number) => Uint8Array): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    const digest = known.get(text) ?? hexadecimal(randomBytes(32));
    known.set(text, digest);
    return digest;
  };
}

function hexadecimal(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
