export interface Progress {
  readonly report: (what: string) => void;
  /** Takes the line away; the next report shows it again. */
  readonly end: () => void;
}

const patience = 500;

/** One line that says what takes so long; only on a terminal, and only once half a second has gone by. */
export function startProgress(stream: NodeJS.WriteStream): Progress {
  const start = performance.now();
  let isShown = false;
  const clear = "\r\x1b[K";
  return {
    report: (what) => {
      if (!stream.isTTY || performance.now() - start < patience) return;
      isShown = true;
      stream.write(`${clear}${what} ...`);
    },
    end: () => {
      if (isShown) stream.write(clear);
      isShown = false;
    },
  };
}
