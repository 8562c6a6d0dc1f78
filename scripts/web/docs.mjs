// Turns src/web/docs/*.md and the catalog of diagnostics into static pages, and finds links that lead nowhere.
import { existsSync } from "node:fs";
import { posix } from "node:path";
import { Marked } from "marked";

const docsFolder = "src/web/docs";

/**
 * The pages by path (`explain.html`, `codes/node-port-taken.html`), and a sentence for each broken link. `sources` are
 * texts by name (`explain.md`); `isInRepository` tells whether a path of the repository exists.
 */
export function renderDocs({ sources, catalog, style, isInRepository = existsSync }) {
  const texts = new Map([["index.md", contentsText(sources)], ...sources, ...codeTexts(catalog)]);
  const anchors = new Map([...texts].map(([name, text]) => [name, new Set(headingsOf(text).map(({ slug }) => slug))]));
  const contents = [...sources].map(([name, text]) => ({ name, title: titleOf(text, name) }));
  const problems = [];
  const pages = new Map();
  for (const [name, text] of texts) {
    const resolveLink = (href) => {
      const link = checkLink(href, name, { anchors, isInRepository });
      if (link.problem !== undefined) problems.push(`${docsFolder}/${name}: ${link.problem}`);
      return link.href;
    };
    const body = markdown(resolveLink).parse(text);
    pages.set(pagePath(name), page({ name, title: titleOf(text, name), body, contents, style }));
  }
  return { pages, problems };
}

/** The first page, where no text is it. */
function contentsText(sources) {
  const list = [...sources].map(([name, text]) => `- [${plain(titleOf(text, name))}](${name})`);
  return `# Documentation\n\n${[...list, "- [Diagnostics](codes/index.md)"].join("\n")}\n`;
}

/** A text for each diagnostic, and one that lists them. */
function codeTexts(catalog) {
  const codes = Object.entries(catalog).sort(([a], [b]) => (a < b ? -1 : 1));
  const list = codes.map(
    ([code, { severity, message }]) => `- [\`${code}\`](${code}.md), ${severity}: ${plain(message)}`,
  );
  return [
    ["codes/index.md", `# Diagnostics\n\n${list.join("\n")}\n`],
    ...codes.map(([code, { severity, message, explanation, hint }]) => [
      `codes/${code}.md`,
      [
        `# ${code}`,
        `${severity}: *${plain(message)}*`,
        plain(explanation ?? ""),
        hint === undefined ? "" : `**What to do:** ${plain(hint)}`,
        "[All diagnostics](index.md)",
      ].join("\n\n"),
    ]),
  ];
}

/** Text that is no Markdown. */
function plain(text) {
  return text.replace(/[\\`*_[\]<>#|~]/g, "\\$&");
}

function pagePath(name) {
  return name.replace(/\.md$/, ".html");
}

function headingsOf(text) {
  const seen = new Map();
  return new Marked()
    .lexer(text)
    .filter(({ type }) => type === "heading")
    .map(({ text: title }) => ({ title, slug: slugOf(title, seen) }));
}

function titleOf(text, name) {
  return headingsOf(text)[0]?.title.replaceAll("`", "") ?? name;
}

/** As GitHub names the anchors of headings. */
function slugOf(title, seen) {
  const slug = title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-");
  const count = seen.get(slug) ?? 0;
  seen.set(slug, count + 1);
  return count === 0 ? slug : `${slug}-${count}`;
}

/** Where a link leads in the site; undefined for a file of the repository that is no page. */
function checkLink(href, from, { anchors, isInRepository }) {
  if (/^https:\/\//.test(href)) return { href };
  if (/^[a-z]+:/i.test(href)) return { problem: `a link to ${href}` };
  const [path = "", anchor] = href.split("#");
  const target = path === "" ? from : posix.normalize(posix.join(posix.dirname(from), path));
  const known = anchors.get(target);
  if (known === undefined) {
    const inRepository = posix.join(docsFolder, target);
    return isInRepository(inRepository) ? {} : { problem: `${href} does not exist` };
  }
  if (anchor !== undefined && !known.has(anchor)) return { problem: `${href}: there is no such heading` };
  const relative = posix.relative(posix.dirname(from), pagePath(target));
  return { href: `${path === "" ? "" : relative}${anchor === undefined ? "" : `#${anchor}`}` };
}

function markdown(resolveLink) {
  const seen = new Map();
  return new Marked({
    renderer: {
      heading({ tokens, depth, text }) {
        return `<h${depth} id="${escapeHtml(slugOf(text, seen))}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
      link({ href, tokens }) {
        const content = this.parser.parseInline(tokens);
        const found = resolveLink(href);
        return found === undefined ? content : `<a href="${escapeHtml(found)}">${content}</a>`;
      },
      // Markup in a text is shown, not obeyed.
      html: ({ text }) => escapeHtml(text),
      code: ({ text, lang }) =>
        `<pre tabindex="0"${lang ? ` class="is-${escapeHtml(lang)}"` : ""}><code>${escapeHtml(text)}</code></pre>\n`,
    },
  });
}

function escapeHtml(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

function page({ name, title, body, contents, style: { text, nonce } }) {
  const up = "../".repeat(name.split("/").length - 1);
  const policy = `default-src 'none'; style-src 'nonce-${nonce}'; img-src 'self' data:; base-uri 'none'; form-action 'none'`;
  const items = [...contents, { name: "codes/index.md", title: "Diagnostics" }].map((one) => {
    const current = one.name === name ? ' aria-current="page"' : "";
    return `<li><a href="${up}${pagePath(one.name)}"${current}>${escapeHtml(one.title)}</a></li>`;
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)} · Portolan</title>
<style nonce="${nonce}">${text}</style>
</head>
<body class="docs">
<a class="skip" href="#main">Skip to the text</a>
<header class="top"><p class="brand">Portolan <span>docs</span></p><p><a href="${up}../index.html">Playground</a></p></header>
<div class="columns">
<nav aria-label="Pages"><ul>
${items.join("\n")}
</ul></nav>
<main id="main">
${body}</main>
</div>
</body>
</html>
`;
}
