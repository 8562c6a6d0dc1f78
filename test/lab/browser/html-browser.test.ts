import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TrafficDiff } from "../../../src/diff/traffic-diff.ts";
import { renderHtml } from "../../../src/report/diff/html/html.ts";
import { findChromium, openTab, type Tab } from "../../harness/chromium.ts";
import { cosmeticDiff, emptyDiff } from "../../harness/report/diffs.ts";
import { hostileDiff } from "../../harness/report/hostile.ts";
import { largeDiff, smallDiff } from "../../harness/report/samples.ts";
import { skipFor } from "../../harness/skip.ts";
import { measure } from "./contrast.ts";

const chromium = findChromium();

/** PORTOLAN_SCREENSHOTS names a folder in which pictures of the pages stay. */
const kept = process.env.PORTOLAN_SCREENSHOTS;
const folder = mkdtempSync(join(tmpdir(), "portolan-browser-"));
const pictures = kept ?? join(folder, "pictures");
mkdirSync(pictures, { recursive: true });

const diffs: Readonly<Record<string, TrafficDiff>> = {
  small: smallDiff,
  large: largeDiff(500),
  hostile: hostileDiff,
  cosmetic: cosmeticDiff,
  empty: emptyDiff,
};

interface Look {
  readonly width: number;
  readonly scheme: "light" | "dark";
}

describe(
  "the page of a diff, in a browser",
  skipFor(chromium === undefined ? "not installed: chromium" : undefined),
  () => {
    let tab: Tab;

    beforeAll(async () => {
      for (const [name, diff] of Object.entries(diffs)) writeFileSync(join(folder, `${name}.html`), renderHtml(diff));
      tab = await openTab(chromium ?? "", join(folder, "profile"));
      for (const domain of ["Page", "Runtime", "Log", "Network", "Audits"]) await tab.send(`${domain}.enable`);
    });

    afterAll(async () => {
      await tab?.close();
      rmSync(folder, { recursive: true, force: true });
    });

    async function evaluate<Value>(expression: string): Promise<Value> {
      const { result } = (await tab.send("Runtime.evaluate", { expression, returnByValue: true })) as {
        result: { value: Value };
      };
      return result.value;
    }

    /** Opens a page at this size and returns what the browser reported meanwhile. */
    async function open(name: string, { width, scheme }: Look): Promise<readonly string[]> {
      const before = tab.events.length;
      await tab.send("Emulation.setDeviceMetricsOverride", { width, height: 900, deviceScaleFactor: 1, mobile: false });
      await tab.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] });
      await tab.send("Page.navigate", { url: `file://${join(folder, name)}.html` });
      for (let state = ""; state !== "complete"; ) {
        await new Promise((done) => setTimeout(done, 30));
        state = await evaluate<string>(`location.pathname.endsWith("${name}.html") ? document.readyState : ""`);
      }
      return tab.events
        .slice(before)
        .map(reported)
        .filter((text) => text !== "");
    }

    async function photograph(name: string): Promise<void> {
      const { cssContentSize } = (await tab.send("Page.getLayoutMetrics")) as {
        cssContentSize: { width: number; height: number };
      };
      const clip = { x: 0, y: 0, ...cssContentSize, height: Math.min(6000, cssContentSize.height), scale: 1 };
      const { data } = await tab.send("Page.captureScreenshot", { clip, captureBeyondViewport: true });
      writeFileSync(join(pictures, `${name}.png`), Buffer.from(data as string, "base64"));
    }

    async function press(key: "Tab" | "Enter" | " "): Promise<void> {
      const code = { Tab: 9, Enter: 13, " ": 32 }[key];
      const text = { Tab: undefined, Enter: "\r", " ": " " }[key];
      const event = { key, code: key === " " ? "Space" : key, windowsVirtualKeyCode: code };
      await tab.send("Input.dispatchKeyEvent", { type: "keyDown", ...event, ...(text === undefined ? {} : { text }) });
      await tab.send("Input.dispatchKeyEvent", { type: "keyUp", ...event });
    }

    it.each(Object.keys(diffs))("%s: nothing to complain of, no request, no overflow", async (name) => {
      for (const look of [
        { width: 1280, scheme: "light" },
        { width: 360, scheme: "dark" },
      ] as const) {
        const reports = await open(name, look);
        await photograph(`${name}-${look.width}-${look.scheme}`);
        expect(reports).toEqual([`request file://${join(folder, name)}.html`]);
        expect(await evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(look.width);
        const wide = `[...document.querySelectorAll("details")].forEach((one) => { one.open = true; }); document.documentElement.scrollWidth`;
        expect(await evaluate(wide)).toBeLessThanOrEqual(look.width);
        if (name !== "large") await photograph(`${name}-${look.width}-${look.scheme}-open`);
      }
    });

    it("what the policy forbids would be seen, and does not happen", async () => {
      await open("small", { width: 1280, scheme: "light" });
      const before = tab.events.length;
      await evaluate(
        `document.body.insertAdjacentHTML("beforeend", "<p id=x style='color:red'>x</p><img src=http://127.0.0.1/x>")`,
      );
      const forbidden = (): readonly string[] => tab.events.slice(before).map(reported);
      await expect.poll(() => forbidden().join()).toMatch(/style-src[\s\S]*img-src|img-src[\s\S]*style-src/);
      expect(await evaluate(`getComputedStyle(document.querySelector("#x")).color`)).not.toBe("rgb(255, 0, 0)");
    });

    it("dark is dark, and text stands out in both", async () => {
      const seen: number[] = [];
      for (const scheme of ["light", "dark"] as const) {
        await open("small", { width: 1280, scheme });
        const { paper, contrasts } = await evaluate<{ paper: number; contrasts: readonly [string, number][] }>(measure);
        seen.push(paper);
        for (const [what, contrast] of contrasts) expect(contrast, `${scheme} ${what}`).toBeGreaterThanOrEqual(4.5);
      }
      expect(seen[0]).toBeGreaterThan(0.85);
      expect(seen[1]).toBeLessThan(0.05);
    });

    it("the keyboard alone reaches the skip link, the sections, and opens a card", async () => {
      await open("large", { width: 1280, scheme: "light" });
      await press("Tab");
      const focus = `document.activeElement.tagName + " " + document.activeElement.textContent.trim().slice(0, 20)`;
      expect(await evaluate(focus)).toBe("A Skip to the changes");
      expect(await evaluate("document.activeElement.getBoundingClientRect().top >= 0")).toBe(true);
      await press("Enter");
      expect(await evaluate("document.activeElement.id")).toBe("main");
      for (let steps = 0; steps < 20; steps++) {
        await press("Tab");
        if ((await evaluate("document.activeElement.tagName")) === "SUMMARY") break;
      }
      const card = "document.activeElement.parentElement";
      expect(await evaluate(`${card}.id + ${card}.open`)).toBe("service-1false");
      expect(await evaluate(`getComputedStyle(document.activeElement).outlineStyle`)).toBe("solid");
      await press("Enter");
      expect(await evaluate(`${card}.open`)).toBe(true);
    });

    it("a box hides the cards of its severity, without a script", async () => {
      await open("small", { width: 1280, scheme: "light" });
      const shown = `[...document.querySelectorAll(".card.is-access-lost")].filter((card) => card.checkVisibility()).length`;
      expect(await evaluate(shown)).toBe(2);
      await evaluate(`document.querySelector("#show-access-lost").focus()`);
      await press(" ");
      expect(await evaluate(shown)).toBe(0);
    });

    it("has one heading of the first level, and names what a screen reader meets", async () => {
      await open("small", { width: 1280, scheme: "light" });
      const { nodes } = (await tab.send("Accessibility.getFullAXTree")) as { nodes: readonly AxNode[] };
      const named = nodes.filter(({ ignored }) => !ignored);
      const of = (role: string): readonly string[] =>
        named.filter((node) => node.role?.value === role).map(({ name }) => name?.value ?? "");
      for (const role of [
        "table",
        "image",
        "navigation",
        "link",
        "checkbox",
        "heading",
        "DisclosureTriangle",
        "region",
      ])
        for (const name of of(role)) expect(name, role).not.toBe("");
      expect([of("main").length, of("navigation").length, of("banner").length]).toEqual([1, 1, 1]);
      expect(await evaluate(`document.querySelectorAll("h1").length`)).toBe(1);
    });

    it("prints what is folded", async () => {
      await open("large", { width: 1280, scheme: "light" });
      await tab.send("Emulation.setEmulatedMedia", { media: "print" });
      const shown = `document.querySelector("#service-9 table").checkVisibility({ contentVisibilityAuto: true })`;
      // What was folded is laid out with the next frame.
      await expect.poll(() => evaluate(shown)).toBe(true);
      await tab.send("Emulation.setEmulatedMedia", { media: "" });
    });
  },
);

interface AxNode {
  readonly ignored: boolean;
  readonly role?: { readonly value: string };
  readonly name?: { readonly value: string };
}

/** What of an event matters: requests, errors, whatever a policy forbids. */
function reported({ method, params }: Tab["events"][number]): string {
  switch (method) {
    case "Network.requestWillBeSent":
      return `request ${(params.request as { url: string }).url}`;
    case "Log.entryAdded":
    case "Runtime.exceptionThrown":
    case "Runtime.consoleAPICalled":
    case "Audits.issueAdded":
      return `${method} ${JSON.stringify(params)}`;
    default:
      return "";
  }
}
