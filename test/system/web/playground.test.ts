import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { strToU8, zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildPage, sizeLimit } from "../../../scripts/web/build.mjs";
import { defaultSettings } from "../../../src/web/protocol.ts";
import { findChromium, openTab, type Tab } from "../../harness/chromium.ts";
import { skipFor } from "../../harness/skip.ts";
import { createPlayground, type Playground, stateOf } from "./playground.ts";

const chromium = findChromium();
/** PORTOLAN_SCREENSHOTS names a folder in which pictures of the page stay. */
const pictures = process.env.PORTOLAN_SCREENSHOTS;
if (pictures !== undefined) mkdirSync(pictures, { recursive: true });

const shop = `
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  type: NodePort
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: 8080, nodePort: 30080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web, ports: [{containerPort: 8080}]}]}
`;

const verdict = `(document.querySelector(".verdict")?.textContent ?? "")`;
const checked = `document.querySelector("#results[aria-busy=false]")`;

describe("the playground as a file", () => {
  it("is one page, small enough, with a policy that forbids requests", async () => {
    const page = await buildPage();
    expect(gzipSync(page, { level: 9 }).length).toBeLessThanOrEqual(sizeLimit);
    const [, policy = ""] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page) ?? [];
    const rules = policy.split("; ");
    expect(rules).toContain("default-src 'none'");
    expect(rules).toContain("connect-src 'none'");
    expect(rules).toContain("worker-src blob:");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(page).not.toMatch(/(?:src|href)="(?!#)/);
  });
});

describe("the playground in a browser", skipFor(chromium === undefined ? "not installed: chromium" : undefined), () => {
  const folder = mkdtempSync(join(tmpdir(), "portolan-playground-"));
  let tab: Tab;
  let page: Playground;

  beforeAll(async () => {
    writeFileSync(join(folder, "index.html"), await buildPage());
    tab = await openTab(chromium ?? "", join(folder, "profile"));
    for (const domain of ["Page", "Runtime", "Log", "Network"]) await tab.send(`${domain}.enable`);
    page = createPlayground(tab, `file://${folder}/index.html`, pictures);
  });

  afterAll(async () => {
    await tab?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Drops files onto the manifests. */
  async function drop(files: Readonly<Record<string, Uint8Array>>): Promise<void> {
    const all = Object.entries(files).map(([name, bytes]) => [name, Buffer.from(bytes).toString("base64")]);
    await page.evaluate(`(() => {
      const dataTransfer = new DataTransfer();
      for (const [name, text] of ${JSON.stringify(all)})
        dataTransfer.items.add(new File([Uint8Array.from(atob(text), (one) => one.charCodeAt(0))], name));
      document.querySelector("#editor .cm-content").dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
    })()`);
  }

  const choose = (label: string, value: string): Promise<void> =>
    page.evaluate(`(() => {
      const field = [...document.querySelectorAll("label.field")].find((one) => one.firstChild.textContent === ${JSON.stringify(label)});
      const control = field.querySelector("select");
      control.value = ${JSON.stringify(value)};
      control.dispatchEvent(new Event("change"));
    })()`);

  it("shows a first result by itself, and says how long that took", async () => {
    await page.open(undefined);
    await page.until(`document.querySelector(".verdict")`);
    console.warn(
      `first result after ${Math.round(await page.evaluate<number>("performance.now()"))} ms (beside other tests)`,
    );
  });

  it.each([
    { width: 1600, scheme: "light" },
    { width: 1024, scheme: "dark" },
    { width: 360, scheme: "light" },
  ] as const)("every pane fits, is accessible and asks nobody at $width px, $scheme", async (look) => {
    const settings = { ...defaultSettings, down: ["node2"] };
    await page.open(stateOf(shop, { settings }), look);
    for (const pane of ["traffic", "rules", "problems", "diff"] as const) {
      await page.click(`#tab-${pane}`);
      await page.until(pane === "diff" ? `document.querySelector(".change")` : checked);
      await page.photograph(`${pane}-${look.width}-${look.scheme}`);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(look.width);
      expect(await page.accessibility(pane === "traffic" ? "html" : "#results"), pane).toEqual([]);
    }
    expect(page.complaints()).toEqual([]);
  });

  it("every example has a verdict", async () => {
    await page.open(undefined);
    const select = `document.querySelector("#actions select")`;
    const count = await page.evaluate<number>(`${select}.options.length - 1`);
    expect(count).toBeGreaterThanOrEqual(9);
    for (let index = 0; index < count; index++) {
      await page.evaluate(`${select}.value = "${index}"; ${select}.dispatchEvent(new Event("change"))`);
      await sleep(50);
      await page.until(`${checked} && ${verdict} !== ""`);
      const sentence = await page.evaluate<string>(verdict);
      expect(sentence).toMatch(
        /^(?:A packet from .* is (?:delivered|rejected|dropped)\b.*|\d+ Services? changes?; .*)\.$/,
      );
      await page.photograph(`example-${index}`);
    }
    expect(page.complaints()).toEqual([]);
  });

  it("a step, its rule and its field are linked", async () => {
    await page.open(stateOf(shop));
    await page.until(checked);
    const step = `[...document.querySelectorAll(".steps li")].find((one) => /nodePort/.test(one.textContent))`;
    await page.until(
      `(() => { document.activeElement.blur(); ${step}?.focus(); return document.querySelector(".linked-field"); })()`,
    );
    expect(await page.evaluate(`document.querySelector(".linked-field").textContent`)).toBe("nodePort");
    expect(await page.evaluate(`document.querySelector(".service.is-linked") !== null`)).toBe(true);
    await page.click("#tab-rules");
    await page.until(`document.querySelector(".line[data-field='spec.ports[0].nodePort']")`);
    await page.evaluate(
      `document.querySelector(".line[data-field='spec.ports[0].nodePort'] code").dispatchEvent(new MouseEvent("mouseover", { bubbles: true }))`,
    );
    await page.until(
      `document.querySelector(".line.is-linked") && document.querySelector(".linked-field")?.textContent === "nodePort"`,
    );
  });

  it("a click on the map sends a packet from there, and to there", async () => {
    await page.open(stateOf(shop));
    await page.click(".map .client:nth-of-type(3)");
    await page.until(`/from node node1 to shop\\/web:http at cluster IP/.test(${verdict})`);
    await page.click(".map .client:nth-of-type(2)");
    await page.until(`/from pod shop\\/web-1/.test(${verdict})`);
  });

  it("kube-proxy's mode and what-if toggles change rules, map and diff", async () => {
    await page.open(stateOf(shop, { pane: "rules" }));
    await choose("Mode", "nftables");
    await page.until(`/nft/.test(document.querySelector(".command")?.textContent)`);
    await choose("Mode", "ipvs");
    await page.until(`[...document.querySelectorAll("#pane option")].some((one) => one.value === "ipvs.restore")`);
    await choose("Nodes", "5");
    await page.until(`document.querySelectorAll(".node").length === 5`);
    await page.click("#tab-diff");
    await page.until(`/Propose a change, or take/.test(document.querySelector("#pane").textContent)`);
    await page.evaluate(`document.querySelectorAll(".chips input[type=checkbox]")[0].click()`);
    await page.until(`document.querySelector(".compared + .verdict")`);
    expect(await page.evaluate(`document.querySelector(".compared").textContent`)).toBe(
      "From your manifests to the same manifests with node1 down.",
    );
    expect(page.complaints()).toEqual([]);
  });

  it("the link holds the whole state", async () => {
    await page.open(stateOf(shop));
    await page.evaluate(
      `document.querySelector(".cm-content").focus(); document.execCommand("insertText", false, "# edited\\n")`,
    );
    await page.click("#tab-rules");
    await page.until(`location.hash.length > 100 && document.querySelector("#tab-rules").ariaSelected === "true"`);
    const hash = await page.evaluate<string>("location.hash");
    await tab.send("Page.navigate", { url: "about:blank" });
    await tab.send("Page.navigate", { url: `file://${folder}/index.html${hash}` });
    await page.until(`document.querySelector(".cm-line")?.textContent === "# edited"`);
    await page.until(`document.querySelector("#tab-rules").ariaSelected === "true"`);
  });

  it.each(["#s=AAAA", "#s=%00", "#nothing", `#s=${"A".repeat(40_000)}`])(
    "a link that is none shows the first example: %.20s",
    async (hash) => {
      await tab.send("Page.navigate", { url: "about:blank" });
      await tab.send("Page.navigate", { url: `file://${folder}/index.html${hash}` });
      await page.until(`document.querySelector(".verdict")`);
    },
  );

  const hostile = "<img src=x onerror=globalThis.hit=1><script>globalThis.hit=1</script>";
  it.each([
    ["a name", shop.replace("name: web, namespace", `name: ${JSON.stringify(hostile)}, namespace`)],
    [
      "an annotation and a comment",
      `# ${hostile}\n${shop.replace("namespace: shop}", `namespace: shop, annotations: {a: ${JSON.stringify(hostile)}}}`)}`,
    ],
    [
      "a dump",
      `*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -m comment --comment "${hostile}" -j ${hostile.slice(0, 20)}\nCOMMIT\n`,
    ],
    ["a broken text", `kind: [${hostile}`],
  ])("%s cannot become markup", async (_, text) => {
    await page.open(stateOf(text));
    for (const pane of ["traffic", "rules", "problems", "diff"] as const) {
      await page.click(`#tab-${pane}`);
      await page.until(checked);
      expect(
        await page.evaluate(`globalThis.hit === undefined && document.querySelector("img, main script") === null`),
      ).toBe(true);
    }
    expect(page.complaints()).toEqual([]);
  });

  it("redacting replaces names and keeps what happens", async () => {
    await page.open(stateOf(shop.replaceAll("web", "secretive")));
    await page.until(`${verdict} !== ""`);
    await page.evaluate(
      `[...document.querySelectorAll("#actions button")].find((one) => one.textContent === "Redact").click()`,
    );
    await page.until(`/redacted.yaml/.test(document.querySelector("#files").textContent)`);
    await page.until(`!/secretive/.test(document.body.innerText) && /delivered to one of 3/.test(${verdict})`);
  });

  it("files and zips can be dropped", async () => {
    const [service = "", deployment = ""] = shop.split("---\n");
    await page.open(undefined);
    await drop({
      "all.zip": zipSync({ "a.yaml": strToU8(service), "b.yaml": strToU8(deployment), "c.png": strToU8("x") }),
    });
    await page.until(`/a.yaml.*b.yaml/.test(document.querySelector("#files").textContent)`);
    expect(await page.evaluate(`document.querySelector("#files").textContent`)).not.toContain("c.png");
    await page.until(`/shop\\/web/.test(document.querySelector(".map")?.textContent)`);
  });

  it("the keyboard reaches everything", async () => {
    await page.open(stateOf(shop));
    await page.until(`document.querySelector(".steps")`);
    await page.evaluate(`document.querySelector("#tab-traffic").focus()`);
    const press = async (key: string, code: number): Promise<void> => {
      for (const type of ["keyDown", "keyUp"])
        await tab.send("Input.dispatchKeyEvent", { type, key, windowsVirtualKeyCode: code });
    };
    await press("ArrowRight", 39);
    await page.until(`document.activeElement.id === "tab-rules" && document.querySelector(".rules")`);
    await press("ArrowLeft", 37);
    await page.until(`document.activeElement.id === "tab-traffic"`);
    await page.evaluate(`document.querySelector(".map [role=button]").focus()`);
    await press("Enter", 13);
    await page.until(`/from the internet/.test(${verdict})`);
    await page.evaluate(`document.querySelector(".cm-content").focus()`);
    await press("Tab", 9);
    expect(await page.evaluate(`document.activeElement.closest("#editor") === null`)).toBe(true);
  });

  it("2,000 Services stay usable", async () => {
    const services = Array.from({ length: 2000 }, (_, index) => [
      `apiVersion: v1\nkind: Service\nmetadata: {name: s${index}}\nspec: {clusterIP: 10.96.${index >> 8}.${index & 255}, ports: [{port: 80}]}\n`,
      `apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: s${index}, labels: {kubernetes.io/service-name: s${index}}}\naddressType: IPv4\nports: [{name: "", port: 80}]\nendpoints: [{addresses: [10.244.${index >> 8}.${index & 255}], nodeName: node1}]\n`,
    ]).flat();
    const node =
      "apiVersion: v1\nkind: Node\nmetadata: {name: node1}\nstatus: {addresses: [{type: InternalIP, address: 192.0.2.10}]}\n";
    await page.open(stateOf("# empty", { pane: "rules" }));
    await drop({ "large.yaml": strToU8([node, ...services].join("---\n")) });
    await page.until(`/lines/.test(document.querySelector("#pane .count")?.textContent)`);
    expect(
      await page.evaluate(`Number(document.querySelector("#pane .count").textContent.split(" ")[0])`),
    ).toBeGreaterThan(10_000);
    expect(await page.evaluate(`document.querySelectorAll(".line").length`)).toBeLessThan(120);
    await page.evaluate(
      `(() => { const list = document.querySelector(".rules"); list.scrollTop = list.scrollHeight; })()`,
    );
    await page.until(`[...document.querySelectorAll(".line code")].at(-1).textContent === "COMMIT"`);
    await page.evaluate(
      `(() => { const input = document.querySelector("#pane input"); input.value = "default/s1999"; input.dispatchEvent(new Event("input")); })()`,
    );
    await page.until(`document.querySelectorAll(".line").length < 12`);
    expect(await page.evaluate(`document.querySelectorAll(".service").length`)).toBe(1);
    expect(page.complaints()).toEqual([]);
  });
});
