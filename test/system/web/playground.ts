import { type PageState, toHash } from "../../../src/web/page/state.ts";
import { defaultSettings } from "../../../src/web/protocol.ts";
import type { Tab } from "../../harness/chromium.ts";
import { type BrowserPage, createBrowserPage, type Look } from "./browser-page.ts";

/** The playground in a tab. */
export interface Playground extends Omit<BrowserPage, "navigate" | "complaints" | "events"> {
  /** Opens the page anew; with a state, as a link to it does. Waits until everything is checked. */
  readonly open: (state: Partial<PageState> | undefined, look?: Look) => Promise<void>;
  /** Errors, messages of the console, and requests since the page was opened. */
  readonly complaints: () => readonly string[];
}

/** The state of a link: a text, and whatever else. */
export function stateOf(text: string, more: Partial<PageState> = {}): PageState {
  const plain = {
    proposed: undefined,
    side: "now",
    settings: defaultSettings,
    packet: undefined,
    pane: "traffic",
  } as const;
  return { files: [{ name: "manifests.yaml", text }], ...plain, ...more };
}

export function createPlayground(tab: Tab, url: string, pictures: string | undefined): Playground {
  const page = createBrowserPage(tab, pictures);
  return {
    ...page,
    open: async (state, look = { width: 1600, scheme: "light" }) => {
      const hash = state === undefined ? "" : `#${toHash({ ...stateOf(""), ...state })}`;
      await page.navigate(`${url}${hash}`, look);
      await page.until(
        `document.querySelector("#pane")?.textContent && !document.querySelector("#pane").textContent.startsWith("Reading")`,
      );
    },
    complaints: () => page.complaints((requested) => requested.startsWith(url)),
  };
}
