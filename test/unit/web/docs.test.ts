import { describe, expect, it } from "vitest";
import { renderDocs } from "../../../scripts/web/docs.mjs";

const style = { text: "p{}", nonce: "n" };
const repository = {
  has: (path: string): boolean => ["scripts/action/README.md", "src/web/docs/a.svg"].includes(path),
  read: () => "<svg/>",
};
const showState = (text: string) => ({ title: `Show ${text}`, hash: `s=${text}` });

function rendered(texts: Readonly<Record<string, string>>) {
  const pages = Object.entries(texts).map(([name, text]) => {
    const parent = name.startsWith("codes/") && name !== "codes/index.md" ? { parent: "codes/index.md" } : {};
    return { name, text, description: `About "${name}".`, ...parent };
  });
  return renderDocs({ sections: [{ heading: "How to", pages }], style, repository, showState });
}

describe("the pages of the documentation", () => {
  it("are one for each text, with a policy, a title and a description", () => {
    const { pages, problems } = rendered({ "a.md": "# A `title`\n\nText.\n" });
    expect([...pages.keys()]).toEqual(["index.html", "a.html"]);
    expect(problems).toEqual([]);
    const page = pages.get("a.html");
    expect(page).toContain('<h1 id="a-title">A <code>title</code></h1>');
    expect(page).toContain("default-src 'none'; style-src 'nonce-n'");
    expect(page).toContain("<title>A title · Portolan</title>");
    expect(page).toContain('<meta name="description" content="About &quot;a.md&quot;.">');
    expect(pages.get("index.html")).toContain('<a href="a.html">A title</a>: About &quot;a.md&quot;.');
  });

  it("have one navigation, and a way up to the page that lists them", () => {
    const { pages } = rendered({ "a.md": "# A", "codes/index.md": "# Codes", "codes/b.md": "# b" });
    expect(pages.get("a.html")).toContain('<a href="a.html" aria-current="page">A</a>');
    expect(pages.get("codes/b.html")).toContain('<a href="../codes/index.html" aria-current="true">Codes</a>');
    expect(pages.get("codes/b.html")).toContain('<p class="up"><a href="../codes/index.html">Codes</a></p>');
    expect(pages.get("a.html")).not.toContain("codes/b.html");
  });

  it("hold their pictures", () => {
    const { pages, problems } = rendered({ "a.md": "# A\n\n![what it shows](a.svg)\n\n![x](b.svg) ![y](c.png)\n" });
    expect(pages.get("a.html")).toContain(
      '<figure><img src="data:image/svg+xml;base64,PHN2Zy8+" alt="what it shows"></figure>',
    );
    expect(problems).toEqual(["src/web/docs/a.md: b.svg does not exist", "src/web/docs/a.md: c.png is no SVG"]);
  });

  it("show states in one playground, the first at once", () => {
    const { pages } = rendered({
      "a.md": "# A\n\n```playground\none\n```\n\n```playground\ntwo\n```\n",
      "b.md": "# B",
    });
    const page = pages.get("a.html");
    expect(page).toContain('<a href="../index.html#s=two" target="playground">Show two</a>');
    expect(page).toContain('name="playground" title="Playground" src="../index.html#s=one"');
    expect(page).toContain("frame-src 'self' file:");
    expect(pages.get("b.html")).not.toMatch(/iframe|frame-src/);
  });

  it("link to each other, and to headings", () => {
    const { pages, problems } = rendered({
      "a.md": "# A\n\n[b](b.md#two-words) [up](#a) [code](codes/b.md) [web](https://kubernetes.io/docs)",
      "b.md": "# B\n\n## Two *words*\n\n## Two words",
      "codes/b.md": "# b",
    });
    expect(problems).toEqual([]);
    for (const href of ["b.html#two-words", "#a", "codes/b.html", "https://kubernetes.io/docs"])
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
