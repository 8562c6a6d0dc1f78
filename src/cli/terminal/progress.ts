export interface Progress {
  readonly tell: (what: string) => void;
  readonly end: () => void;
}

const patience = 500;

/** One line that says what takes so long; only on a terminal, and only once half a second has gone by. */
export function startProgress(stream: NodeJS.WriteStream): Progress {
  const start = performance.now();
  let shown = false;
  const clear = "\r\x1b[K";
  return {
    tell: (what) => {
      if (!stream.isTTY || performance.now() - start < patience) return;
      shown = true;
      stream.write(`${clear}${what} ...`);
    },
    end: () => {
      if (shown) stream.write(clear);
    },
  };
}
