/** What is written to: a terminal, a file or a program that reads. */
interface Stream {
  readonly isTTY?: boolean;
  /** Absent if it is no terminal, 0 if nobody told the terminal its size (as `script` does not). */
  readonly columns?: number;
}

/** The width of the terminal, 80 if it is unknown. */
export function terminalColumns(stream: Stream): number {
  return stream.columns || 80;
}

/** The width for messages. A file or a reader gets each message in one line, to search in. */
export function messageColumns(stream: Stream): number {
  return stream.isTTY === true ? terminalColumns(stream) : Number.POSITIVE_INFINITY;
}
