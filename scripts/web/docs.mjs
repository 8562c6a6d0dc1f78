// Turns Markdown into static pages with one navigation, and finds links that lead nowhere.
import { posix } from "node:path";
import { Marked } from "marked";
import { plain } from "../docs/reference.mjs";

const docsFolder = "src/web/docs";

/**
 * The pages by path (`explain.html`, `codes/node-port-taken.html`), and a sentence for each broken link. `sections` have a
 * `heading` and `pages` of Markdown; a page with a `parent` is listed on that one only.
 * `repository` reads files: `has(path)`, `read(path)`. `showState` turns a `playground` block into the hash of a link.
 */
export function renderDocs({ sections: untitled, style, repository, showState }) {
  const sections = untitled.map(({ heading, pages }) => ({ heading, pages: pages.map(titled) }));
  const pages = [frontPage(sections), ...sections.flatMap((section) => section.pages)];
  const anchors = new Map(pages.map(({ name, text }) => [name, new Set(headingsOf(text).map(({ slug }) => slug))]));
  const problems = [];
  const rendered = pages.map((page) => {
    const resolve = (found) => {
      if (found.problem !== undefined) problems.push(`${docsFolder}/${page.name}: ${found.problem}`);
      return found.href;
    };
    const states = [];
    const body = markdown({
      linkTo: (href) => resolve(checkLink(href, page.name, { anchors, repository })),
      pictureAt: (href) => resolve(checkPicture(href, page.name, repository)),
      stateOf: (text) => {
        const state = showState(text);
        states.push(state.hash);
        return state;
      },
      up: upFrom(page.name),
    }).parse(page.text);
    return [pagePath(page.name), pageText({ page, body, sections, style, start: states[0] })];
  });
  return { pages: new Map(rendered), problems };
}

/** The first page: every section, each page with its description. */
function frontPage(sections) {
  const lists = sections.map(({ heading, pages }) => {
    const items = pages
      .filter(({ parent }) => parent === undefined)
      .map((page) => `- [${plain(page.title)}](${page.name}): ${plain(page.description)}`);
    return `## ${heading}\n\n${items.join("\n")}`;
  });
  return titled({
    name: "index.md",
    description: "How to use Portolan, what each command and diagnostic means, and how kube-proxy's rules work",
    text: `# Documentation\n\n${lists.join("\n\n")}\n`,
  });
}

function pagePath(name) {
  return name.replace(/\.md$/, ".html");
}

function upFrom(name) {
  return "../".repeat(name.split("/").length - 1);
}

function headingsOf(text) {
  const seen = new Map();
  return new Marked()
    .lexer(text)
    .filter(({ type }) => type === "heading")
    .map(({ text: title }) => ({ title, slug: slugOf(title, seen) }));
}

function titled(page) {
  const title = headingsOf(page.text)[0]?.title.replaceAll("`", "").replace(/\\(.)/g, "$1") ?? page.name;
  return { ...page, title };
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

/** Where a link leads in the site; nothing for a file of the repository that is no page. */
function checkLink(href, from, { anchors, repository }) {
  if (/^https:\/\//.test(href)) return { href };
  if (/^[a-z]+:/i.test(href)) return { problem: `a link to ${href}` };
  const [path = "", anchor] = href.split("#");
  const target = path === "" ? from : posix.normalize(posix.join(posix.dirname(from), path));
  const known = anchors.get(target);
  if (known === undefined) {
    return repository.has(posix.join(docsFolder, target)) ? {} : { problem: `${href} does not exist` };
  }
  if (anchor !== undefined && !known.has(anchor)) return { problem: `${href}: there is no such heading` };
  const relative = posix.relative(posix.dirname(from), pagePath(target));
  return { href: `${path === "" ? "" : relative}${anchor === undefined ? "" : `#${anchor}`}` };
}

/** A picture travels in the page: it is there from a file, too, and no request is made. */
function checkPicture(href, from, repository) {
  const path = posix.normalize(posix.join(docsFolder, posix.dirname(from), href));
  if (!path.endsWith(".svg")) return { problem: `${href} is no SVG` };
  if (!repository.has(path)) return { problem: `${href} does not exist` };
  return { href: `data:image/svg+xml;base64,${Buffer.from(repository.read(path)).toString("base64")}` };
}

function markdown({ linkTo, pictureAt, stateOf, up }) {
  const seen = new Map();
  return new Marked({
    renderer: {
      heading({ tokens, depth, text }) {
        return `<h${depth} id="${escapeHtml(slugOf(text, seen))}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
      link({ href, tokens }) {
        const content = this.parser.parseInline(tokens);
        const found = linkTo(href);
        return found === undefined ? content : `<a href="${escapeHtml(found)}">${content}</a>`;
      },
      image: ({ href, text }) => `<img src="${escapeHtml(pictureAt(href) ?? "")}" alt="${escapeHtml(text)}">`,
      paragraph({ tokens }) {
        const isPicture = tokens.length === 1 && tokens[0].type === "image";
        const content = this.parser.parseInline(tokens);
        return isPicture ? `<figure>${content}</figure>\n` : `<p>${content}</p>\n`;
      },
      // Markup in a text is shown, not obeyed.
      html: ({ text }) => escapeHtml(text),
      code({ text, lang }) {
        if (lang === "playground") return showLink(stateOf(text), up);
        const shown = lang === "console" ? typedIn(escapeHtml(text)) : escapeHtml(text);
        return `<pre tabindex="0"><code>${shown}</code></pre>\n`;
      },
    },
  });
}

/** A link that shows a state in the playground of this page. */
function showLink({ title, hash }, up) {
  return `<p class="show"><a href="${up}../index.html#${hash}" target="playground">${escapeHtml(title)}</a></p>\n`;
}

function typedIn(text) {
  return text.replace(/^\$ .*$/gm, (line) => `<span class="typed">${line}</span>`);
}

function escapeHtml(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

function navigation({ name, parent }, sections) {
  const up = upFrom(name);
  const current = parent ?? name;
  return sections
    .map(({ heading, pages }) => {
      const items = pages
        .filter((page) => page.parent === undefined)
        .map((page) => {
          const mark = page.name !== current ? "" : ` aria-current="${page.name === name ? "page" : "true"}"`;
          return `<li><a href="${up}${pagePath(page.name)}"${mark}>${escapeHtml(page.title)}</a></li>`;
        });
      return `<h2>${escapeHtml(heading)}</h2>\n<ul>\n${items.join("\n")}\n</ul>`;
    })
    .join("\n");
}

/** Above the title: the page that lists this one. */
function upLink({ name, parent }, sections) {
  const listing = sections.flatMap(({ pages }) => pages).find((page) => page.name === parent);
  if (listing === undefined) return "";
  const href = `${upFrom(name)}${pagePath(parent)}`;
  return `<p class="up"><a href="${href}">${escapeHtml(listing.title)}</a></p>\n`;
}

/** `start`: the state that the playground of the page shows first; undefined: it has none. */
function pageText({ page, body, sections, style, start }) {
  const up = upFrom(page.name);
  const policy = [
    "default-src 'none'",
    `style-src 'nonce-${style.nonce}'`,
    "img-src data:",
    // A page that is opened as a file has no origin.
    ...(start === undefined ? [] : ["frame-src 'self' file:"]),
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const frame = `<aside aria-label="Playground"><iframe class="playground" name="playground" title="Playground" src="${up}../index.html#${start}"></iframe></aside>\n`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="description" content="${escapeHtml(page.description)}">
<title>${escapeHtml(page.title)} · Portolan</title>
<style nonce="${style.nonce}">${style.text}</style>
</head>
<body${start === undefined ? "" : ' class="has-playground"'}>
<a class="skip" href="#main">Skip to the text</a>
<header class="top"><p class="brand"><a href="${up}index.html">Portolan <span>docs</span></a></p><p class="ways"><a class="to-pages" href="#pages">All pages</a> <a href="${up}../index.html">Playground</a></p></header>
<div class="columns">
<main id="main">
${upLink(page, sections)}${body}</main>
${start === undefined ? "" : frame}<nav id="pages" aria-label="Pages">
${navigation(page, sections)}
</nav>
</div>
</body>
</html>
`;
}
