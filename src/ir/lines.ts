/**
 * Lines of ASCII text, joined as they come: first a few into a piece, then pieces into a page of more than 128 KB, which
 * V8 does not move about when it collects garbage. Bytes are made of them once, at the end: bytes kept on the way make
 * it collect the whole heap (measured; see the decisions in src/README.md).
 */
export interface Lines {
  readonly pages: string[];
  /** What is not in a page yet. */
  readonly pieces: string[];
  /** Lines that are not in a piece yet. */
  readonly pending: string[];
  /** How many bytes there are in pages and pieces. */
  bytes: number;
  /** How many lines there are in all. */
  count: number;
}

const encoder = new TextEncoder();
const linesPerPiece = 64;
const piecesPerPage = 64;

export function createLines(): Lines {
  return { pages: [], pieces: [], pending: [], bytes: 0, count: 0 };
}

/** Appends one line; `text` is ASCII and has no line end. */
export function appendLine(lines: Lines, text: string): void {
  lines.pending.push(text);
  lines.count += 1;
  if (lines.pending.length === linesPerPiece) joinPending(lines);
}

function joinPending(lines: Lines): void {
  if (lines.pending.length === 0) return;
  // The empty text after the last line stands for its line end.
  lines.pending.push("");
  const piece = lines.pending.join("\n");
  lines.pending.length = 0;
  lines.pieces.push(piece);
  lines.bytes += piece.length;
  if (lines.pieces.length === piecesPerPage) joinPieces(lines);
}

function joinPieces(lines: Lines): void {
  if (lines.pieces.length === 0) return;
  lines.pages.push(lines.pieces.join(""));
  lines.pieces.length = 0;
}

export function linesOf(texts: readonly string[]): Lines {
  const lines = createLines();
  for (const text of texts) appendLine(lines, text);
  return lines;
}

/** One run of bytes out of several. */
export function joinLines(parts: readonly Lines[]): Uint8Array {
  for (const part of parts) {
    joinPending(part);
    joinPieces(part);
  }
  const joined = new Uint8Array(parts.reduce((sum, { bytes }) => sum + bytes, 0));
  let offset = 0;
  for (const { pages } of parts) {
    for (const page of pages) {
      // Exactly as long as the text: then the encoder copies instead of looking at each character.
      encoder.encodeInto(page, joined.subarray(offset, offset + page.length));
      offset += page.length;
    }
  }
  return joined;
}

/** The lines as they came. */
export function textsOf({ pages, pieces, pending }: Lines): readonly string[] {
  const joined = pages.join("") + pieces.join("");
  return joined === "" ? [...pending] : [...joined.slice(0, -1).split("\n"), ...pending];
}
