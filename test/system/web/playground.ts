import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type PageState, toHash } from "../../../src/web/page/state.ts";
import { defaultSettings } from "../../../src/web/protocol.ts";
import type { BrowserEvent, Tab } from "../../harness/chromium.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export interface Look {
  readonly width: number;
  readonly scheme: "light" | "dark";
}

/** The playground in a tab. */
export interface Playground {
  /** Opens the page anew; with a state, as a link to it does. Waits until everything is checked. */
  readonly open: (state: Partial<PageState> | undefined, look?: Look) => Promise<void>;
  readonly evaluate: <Value>(expression: string) => Promise<Value>;
  /** Waits until an expression is true. */
  readonly until: (expression: string) => Promise<void>;
  readonly click: (selector: string) => Promise<void>;
  /** Errors, messages of the console, and requests since the page was opened. */
  readonly complaints: () => readonly string[];
  /** What axe-core finds in a part of the page: rule and element. */
  readonly accessibility: (part: string) => Promise<readonly string[]>;
  readonly photograph: (name: string) => Promise<void>;
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
  let since = 0;
  const evaluate = async <Value>(expression: string): Promise<Value> => {
    const answer = await tab.send("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true });
    const { result, exceptionDetails } = answer as { result: { value: Value }; exceptionDetails?: object };
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return result.value;
  };
  const until = async (expression: string): Promise<void> => {
    for (let tries = 0; !(await evaluate<boolean>(`Boolean(${expression})`)); tries++) {
      if (tries > 400) throw new Error(`never true: ${expression}`);
      await sleep(20);
    }
  };
  return {
    evaluate,
    until,
    open: async (state, { width, scheme } = { width: 1600, scheme: "light" }) => {
      const size = { width, height: 950, deviceScaleFactor: 1, mobile: false };
      await tab.send("Emulation.setDeviceMetricsOverride", size);
      await tab.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] });
      await tab.send("Page.navigate", { url: "about:blank" });
      since = tab.events.length;
      const hash = state === undefined ? "" : `#${toHash({ ...stateOf(""), ...state })}`;
      await tab.send("Page.navigate", { url: `${url}${hash}` });
      await until(
        `document.querySelector("#pane")?.textContent && !document.querySelector("#pane").textContent.startsWith("Reading")`,
      );
    },
    click: async (selector) => {
      await until(`document.querySelector(${JSON.stringify(selector)})`);
      await evaluate(
        `document.querySelector(${JSON.stringify(selector)}).dispatchEvent(new MouseEvent("click", { bubbles: true }))`,
      );
    },
    complaints: () => tab.events.slice(since).flatMap((event) => complaint(event, url)),
    accessibility: async (part) => {
      await evaluate(`window.axe === undefined ? (${JSON.stringify(axe)}) : ""`).then(async (source) => {
        if (source !== "") await tab.send("Runtime.evaluate", { expression: source as string });
      });
      return evaluate(
        `axe.run(document.querySelector("${part}"), { resultTypes: ["violations"] }).then(({ violations }) => violations
          .filter(({ impact }) => impact === "serious" || impact === "critical")
          .flatMap(({ id, nodes }) => nodes.map(({ html, any }) => id + ": " + html.slice(0, 160) + " " + (any[0]?.message ?? ""))))`,
      );
    },
    photograph: async (name) => {
      if (pictures === undefined) return;
      const { cssContentSize } = (await tab.send("Page.getLayoutMetrics")) as {
        cssContentSize: { width: number; height: number };
      };
      const clip = { x: 0, y: 0, ...cssContentSize, height: Math.min(4000, cssContentSize.height), scale: 1 };
      const { data } = await tab.send("Page.captureScreenshot", { clip, captureBeyondViewport: true });
      writeFileSync(join(pictures, `${name}.png`), Buffer.from(data as string, "base64"));
    },
  };
}

/** What should not happen: an exception, a line in the console, a request for anything but the page. */
function complaint({ method, params }: BrowserEvent, page: string): readonly string[] {
  switch (method) {
    case "Runtime.exceptionThrown":
    case "Runtime.consoleAPICalled":
    case "Log.entryAdded":
      return [`${method} ${JSON.stringify(params).slice(0, 500)}`];
    case "Network.requestWillBeSent": {
      const { url } = params.request as { url: string };
      return url.startsWith(page) || url.startsWith("blob:") || url === "about:blank" ? [] : [`request ${url}`];
    }
    default:
      return [];
  }
}
