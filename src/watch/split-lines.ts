export interface LineSplitter {
  /** Takes the next bytes of a stream; gives the lines that they end. */
  readonly push: (bytes: Uint8Array) => readonly string[];
  /** Whether the stream, if it ended now, would end in the middle of a line. */
  readonly isInside: () => boolean;
  /** Characters of the line that has not ended. */
  readonly pending: () => number;
}

/** Cuts a stream of UTF-8 into lines, wherever the chunks of a network end. Empty lines are left out. */
export function createLineSplitter(): LineSplitter {
  const decoder = new TextDecoder();
  // Kept apart until a line ends: joining a growing string to each chunk of a long line costs its square.
  let pieces: string[] = [];
  let length = 0;
  return {
    push: (bytes) => {
      const parts = decoder.decode(bytes, { stream: true }).split("\n");
      const last = parts.pop() as string;
      const lines = parts.map((part) => {
        const line = pieces.length === 0 ? part : [...pieces, part].join("");
        pieces = [];
        length = 0;
        return line;
      });
      if (last !== "") {
        pieces.push(last);
        length += last.length;
      }
      return lines.filter((line) => line.trim() !== "");
    },
    isInside: () => length > 0,
    pending: () => length,
  };
}
