import { escapeControls } from "../../diagnostics/printable.ts";
import { sha256Base64 } from "../../model/sha256.ts";
import { type About, writerText } from "../about.ts";
import { esc, mono } from "../escape.ts";

/** A page of a report. Texts of the state are escaped already where a field is HTML. */
export interface Page {
  /** The command that writes it: `diff`. */
  readonly command: string;
  /** What kind of report it is, above the title. */
  readonly kicker: string;
  /** The result in a sentence. */
  readonly title: string;
  readonly base: PageSide;
  /** Undefined for a report about one state. */
  readonly head?: PageSide | undefined;
  /** What a narrowed report leaves out. */
  readonly leftOut: string | undefined;
  /** Those without a body are left out. */
  readonly sections: readonly Section[];
  readonly about: About | undefined;
  /** A sentence at the end. */
  readonly footer: string;
  /** ASCII only: the policy of the page contains its digest. */
  readonly style: string;
}

export interface PageSide {
  readonly name: string;
  readonly more?: string | undefined;
}

export interface Section {
  readonly id: string;
  readonly heading: string;
  /** HTML. */
  readonly body: string;
}

/**
 * One self-contained page: no script, no font, no request. Its content security policy allows only this style, so text
 * from a manifest cannot become active content.
 */
export function renderPage(page: Page): string {
  const { kicker, title, base, head, leftOut, footer } = page;
  const sections = page.sections.filter(({ body }) => body !== "");
  const links = sections.map(({ id, heading }) => `<li><a href="#${id}">${heading}</a></li>`).join("");
  return `<!doctype html>
<html lang="en">
${headOf(page)}
<body>
<a class="skip" href="#main">Skip to the ${head === undefined ? "content" : "changes"}</a>
<header class="page">
<p class="kicker">${kicker}</p>
<h1>${esc(title)}</h1>
<p class="sides-compared">${sidesText(base, head)}</p>${leftOut === undefined ? "" : `\n<p class="not-shown">${esc(leftOut)}.</p>`}
${links === "" ? "" : `<nav aria-label="Sections"><ul>${links}</ul></nav>`}
</header>
<main id="main" tabindex="-1">
${sections.map(sectionText).join("\n")}
</main>
<footer><p>${writtenBy(page)} ${esc(footer)}</p></footer>
</body>
</html>
`;
}

function writtenBy({ command, about }: Page): string {
  if (about === undefined) return `Written by <code>portolan ${command}</code>.`;
  return `Written by ${esc(writerText(about))}: ${mono(escapeControls(about.commandLine))}.`;
}

function headOf({ title, command, style }: Page): string {
  return `<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${sha256Base64(style)}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${esc(title)} - portolan ${command}</title>
<style>${style}</style>
</head>`;
}

function sectionText({ id, heading, body }: Section): string {
  return `<section aria-labelledby="${id}"><h2 id="${id}" tabindex="-1">${heading}</h2>\n${body}\n</section>`;
}

function sidesText(base: PageSide, head: PageSide | undefined): string {
  if (head === undefined) return sideText(base);
  return `${sideText(base)} <span class="arrow" aria-hidden="true">→</span><span class="unseen">to</span> ${sideText(head)}`;
}

function sideText({ name, more }: PageSide): string {
  return mono(name) + (more === undefined ? "" : ` <span class="more">${esc(more)}</span>`);
}
