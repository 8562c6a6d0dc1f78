/** Text for an element or a quoted attribute. */
export function esc(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** Text from manifests or rules: set as code, and its arrows as arrows. */
export function mono(text: string): string {
  return `<code>${esc(text)}</code>`;
}

/** A phrase of the diff. */
export function phrase(text: string): string {
  return esc(text.replaceAll(" -> ", " → "));
}
