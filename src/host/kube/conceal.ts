import { isRecord } from "../../model/fields/fields.ts";

/** Removes credentials from a message. */
export type Conceal = (text: string) => string;

/** Fields of a kubeconfig's user that name something. The text of every other field counts as a secret. */
const named =
  "as as-groups as-uid as-user-extra apiVersion client-certificate client-key command installHint interactiveMode name " +
  "tokenFile username";
const namedFields: ReadonlySet<string> = new Set(named.split(" "));

/** Shorter ones would also hide words of messages. */
const shortest = 4;

/** Every text of these values that may be a credential, such as the user and the URLs of a kubeconfig's cluster. */
export function secretsIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(secretsIn);
  if (isRecord(value))
    return Object.entries(value).flatMap(([field, inner]) => (namedFields.has(field) ? [] : secretsIn(inner)));
  return typeof value === "string" ? [value.trim()] : [];
}

/** The user and the password of a URL. */
export function secretsInUrl(url: unknown): readonly string[] {
  if (typeof url !== "string" || !URL.canParse(url)) return [];
  const { username, password } = new URL(url);
  return [password, decode(password), ...(password === "" ? [username] : [])];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Hides these secrets, however they are encoded, and what looks like one in a URL or a header. */
export function createConceal(secrets: readonly string[]): Conceal {
  const forms = secrets.filter(({ length }) => length >= shortest).flatMap(formsOf);
  const longestFirst = [...new Set(forms)].sort((a, b) => b.length - a.length);
  return (text) =>
    longestFirst
      .reduce((shown, secret) => shown.replaceAll(secret, "..."), text)
      .replace(/:\/\/[^/?#\s@]*@/g, "://")
      .replace(/(https?:\/\/[^\s?#]*)[?#][^\s"')]*/g, "$1")
      .replace(/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, "$1 ...")
      .replace(/\beyJ[\w-]+\.[\w.-]+/g, "...");
}

function formsOf(secret: string): readonly string[] {
  const quoted = JSON.stringify(secret).slice(1, -1);
  const decoded = Buffer.from(secret, "base64");
  const isBase64 = decoded.toString("base64") === secret && decoded.length >= shortest;
  const plain = isBase64 ? [decoded.toString("utf8").trim()] : [];
  return [secret, quoted, encodeURIComponent(secret), Buffer.from(secret).toString("base64"), ...plain];
}

/** Words after which a secret may come. */
const announcing = /^\W*(?:bearer|basic|key|passphrase|password|secret|token)\W*$/i;

/** Text of a program that handles credentials: only plain words are kept, not those that may be a credential. */
export function plainWords(text: string): string {
  const words = text.split(" ");
  return words
    .map((word, index) => (isPlain(word) && !announcing.test(words[index - 1] ?? "") ? word : cut(word)))
    .join(" ");
}

function isPlain(word: string): boolean {
  const isWord = /^["'(]?-{0,2}[A-Za-z]{1,20}(?:[-'][A-Za-z]{1,20}){0,3}["')]?[.,:;!?]*$/.test(word);
  return (isWord && !/[A-Z]{7}/.test(word)) || /^\d{1,5}[.,:;]*$/.test(word) || !/\w/.test(word);
}

function cut(word: string): string {
  return `...${/[.,:;!?]*$/.exec(word)?.[0] ?? ""}`;
}
