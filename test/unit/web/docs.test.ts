import { describe, expect, it } from "vitest";
import { renderDocs } from "../../../scripts/web/docs.mjs";

const catalog = {
  "port-taken": {
    severity: "error",
    message: "port {got} is *taken*",
    explanation: "See <b>.",
    hint: "choose another",
  },
};
const style = { text: "p{}", nonce: "n" };

function rendered(texts: Readonly<Record<string, string>>) {
  const isInRepository = (path: string): boolean => path === "scripts/action/README.md";
  return renderDocs({ sources: new Map(Object.entries(texts)), catalog, style, isInRepository });
}

describe("the pages of the documentation", () => {
  it("are one for each text and each diagnostic, with a policy", () => {
    const { pages, problems } = rendered({ "a.md": "# A title\n\nText.\n" });
    expect([...pages.keys()]).toEqual(["index.html", "a.html", "codes/index.html", "codes/port-taken.html"]);
    expect(problems).toEqual([]);
    expect(pages.get("a.html")).toContain('<h1 id="a-title">A title</h1>');
    expect(pages.get("a.html")).toContain("default-src 'none'; style-src 'nonce-n'");
    expect(pages.get("codes/port-taken.html")).toContain("<em>port {got} is *taken*</em>");
    expect(pages.get("codes/port-taken.html")).toContain("See &lt;b&gt;.");
    expect(pages.get("codes/port-taken.html")).toContain('<a href="../a.html">A title</a>');
  });

  it("link to each other, and to headings", () => {
    const { pages, problems } = rendered({
      "a.md": "# A\n\n[b](b.md#two-words) [up](#a) [code](codes/port-taken.md) [web](https://kubernetes.io/docs)",
      "b.md": "# B\n\n## Two *words*\n\n## Two words",
    });
    expect(problems).toEqual([]);
    for (const href of ["b.html#two-words", "#a", "codes/port-taken.html", "https://kubernetes.io/docs"])
      expect(pages.get("a.html")).toContain(`href="${href}"`);
    expect(pages.get("b.html")).toContain('<h2 id="two-words-1">');
  });

  it("show files of the repository without a link", () => {
    const { pages, problems } = rendered({ "a.md": "# A\n\n[the action](../../../scripts/action/README.md)" });
    expect(problems).toEqual([]);
    expect(pages.get("a.html")).toContain("<p>the action</p>");
  });

  it.each([
    ["[x](c.md)", "src/web/docs/a.md: c.md does not exist"],
    ["[x](#nothing)", "src/web/docs/a.md: #nothing: there is no such heading"],
    ["[x](codes/nothing.md)", "src/web/docs/a.md: codes/nothing.md does not exist"],
    ["[x](../../../nothing.md)", "src/web/docs/a.md: ../../../nothing.md does not exist"],
    ["[x](javascript:alert)", "src/web/docs/a.md: a link to javascript:alert"],
  ])("have no broken link %s", (text, problem) => {
    expect(rendered({ "a.md": `# A\n\n${text}` }).problems).toEqual([problem]);
  });

  it("show markup of a text as it is", () => {
    const { pages } = rendered({ "a.md": "# A\n\n<script>x</script>\n\nand <b>y</b>\n" });
    expect(pages.get("a.html")).toContain("&lt;script&gt;x&lt;/script&gt;");
    expect(pages.get("a.html")).not.toMatch(/<script|<b>/);
  });
});
