import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { BrowserEvent, Tab } from "../../harness/chromium.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export interface Look {
  readonly width: number;
  readonly scheme: "light" | "dark";
}

/** A page in a tab. */
export interface BrowserPage {
  /** Opens a page anew at a size, in light or dark. */
  readonly navigate: (url: string, look: Look) => Promise<void>;
  readonly evaluate: <Value>(expression: string) => Promise<Value>;
  /** Waits until an expression is true. */
  readonly until: (expression: string) => Promise<void>;
  readonly click: (selector: string) => Promise<void>;
  /** What the browser reported since the page was opened. */
  readonly events: () => readonly BrowserEvent[];
  /** Errors, messages of the console, and requests that are none of `allowed`. */
  readonly complaints: (allowed: (url: string) => boolean) => readonly string[];
  /** What axe-core finds in a part of the page: rule and element. */
  readonly accessibility: (part: string) => Promise<readonly string[]>;
  readonly photograph: (name: string) => Promise<void>;
}

/** `pictures`: the folder for photographs; undefined: none are taken. */
export function createBrowserPage(tab: Tab, pictures: string | undefined): BrowserPage {
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
    navigate: async (url, { width, scheme }) => {
      const size = { width, height: 950, deviceScaleFactor: 1, mobile: false };
      await tab.send("Emulation.setDeviceMetricsOverride", size);
      await tab.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] });
      await tab.send("Page.navigate", { url: "about:blank" });
      since = tab.events.length;
      await tab.send("Page.navigate", { url });
      await until(`location.href !== "about:blank" && document.readyState === "complete"`);
    },
    click: async (selector) => {
      await until(`document.querySelector(${JSON.stringify(selector)})`);
      await evaluate(
        `document.querySelector(${JSON.stringify(selector)}).dispatchEvent(new MouseEvent("click", { bubbles: true }))`,
      );
    },
    events: () => tab.events.slice(since),
    complaints: (allowed) => tab.events.slice(since).flatMap((event) => complaint(event, allowed)),
    accessibility: async (part) => {
      await evaluate(`window.axe === undefined ? (${JSON.stringify(axe)}) : ""`).then(async (source) => {
        if (source !== "") await tab.send("Runtime.evaluate", { expression: source as string });
      });
      return evaluate(
        `axe.run(document.querySelector("${part}"), { resultTypes: ["violations"], iframes: false }).then(({ violations }) => violations
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

/** What should not happen: an exception, a line in the console, a request for something else. */
function complaint({ method, params }: BrowserEvent, allowed: (url: string) => boolean): readonly string[] {
  switch (method) {
    case "Runtime.exceptionThrown":
    case "Runtime.consoleAPICalled":
    case "Log.entryAdded":
      return [`${method} ${JSON.stringify(params).slice(0, 500)}`];
    case "Network.requestWillBeSent": {
      const { url } = params.request as { url: string };
      const isLocal = /^(?:blob|data|about):/.test(url);
      return allowed(url) || isLocal ? [] : [`request ${url.slice(0, 300)}`];
    }
    default:
      return [];
  }
}
