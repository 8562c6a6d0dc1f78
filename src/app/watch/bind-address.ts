export interface BindAddress {
  /** Undefined: all of the host's. */
  readonly host: string | undefined;
  readonly port: number;
}

/** Reads `127.0.0.1:10249`, `[::1]:10249` or `:10249`; undefined for anything else. */
export function parseBindAddress(text: string): BindAddress | undefined {
  const [, six, four = "", port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]*)):(\d{1,5})$/.exec(text) ?? [];
  const number = Number(port);
  if (port === undefined || number > 65_535) return undefined;
  const host = six ?? four;
  return { host: host === "" ? undefined : host, port: number };
}
