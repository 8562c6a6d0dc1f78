import { styleText } from "node:util";
import type { Paint } from "../../report/diagnostics.ts";

export type ColorChoice = "auto" | "always" | "never";

/** --color, which every command has that prints diagnostics. */
export interface ColorFlag {
  readonly color: ColorChoice;
}

/** Colour for one stream: --color, then NO_COLOR and FORCE_COLOR, then whether it is a terminal. */
export function painter(stream: { readonly isTTY?: boolean }, choice: ColorChoice): Paint {
  return usesColor(stream, choice)
    ? (style, text) => styleText(style, text, { validateStream: false })
    : (_, text) => text;
}

function usesColor(stream: { readonly isTTY?: boolean }, choice: ColorChoice): boolean {
  if (choice !== "auto") return choice === "always";
  const { NO_COLOR: no = "", FORCE_COLOR: force = "" } = process.env;
  if (force !== "") return force !== "0";
  return no === "" && stream.isTTY === true;
}
