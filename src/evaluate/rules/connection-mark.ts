import { parseValueAndMask } from "../../tools/iptables/numbers.ts";
import type { Flow } from "../flow/flow.ts";

/**
 * What `-j CONNMARK`, as iptables-save spells it, does to a packet and to the mark conntrack keeps of its connection
 * (connmark_tg in the kernel's xt_connmark.c). Undefined where the text, or a connection that is not new, leaves it open.
 */
export function markConnection(options: readonly string[], flow: Flow): Flow | undefined {
  const { mark, connectionMark } = flow;
  const [action, first = "", second, third = "", fourth = "", ...more] = options;
  if (connectionMark === undefined || more.length > 0) return undefined;
  if (action === "--set-xmark" && second === undefined) {
    const set = parseValueAndMask(first);
    return set && { ...flow, connectionMark: ((connectionMark & ~set.mask) ^ set.value) >>> 0 };
  }
  const packetMask = first === "--nfmask" ? parseMask(second) : undefined;
  const connectionMask = third === "--ctmask" ? parseMask(fourth) : undefined;
  if (packetMask === undefined || connectionMask === undefined) return undefined;
  if (action === "--save-mark") {
    return { ...flow, connectionMark: ((connectionMark & ~connectionMask) ^ (mark & packetMask)) >>> 0 };
  }
  if (action !== "--restore-mark") return undefined;
  return { ...flow, mark: ((mark & ~packetMask) ^ (connectionMark & connectionMask)) >>> 0 };
}

function parseMask(text: string | undefined): number | undefined {
  return text !== undefined && /^0x[0-9a-f]{1,8}$/i.test(text) ? Number(text) : undefined;
}

/** `--mark 0x1/0x1` of `-m connmark`, with or without `!` before it. */
export function matchConnectionMark(options: readonly string[], { connectionMark }: Flow): boolean | undefined {
  const negated = options[0] === "!";
  const [option, text = "", ...more] = negated ? options.slice(1) : options;
  const asked = parseValueAndMask(text);
  if (option !== "--mark" || more.length > 0 || asked === undefined || connectionMark === undefined) return undefined;
  return ((connectionMark & asked.mask) >>> 0 === asked.value) !== negated;
}
