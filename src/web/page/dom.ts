import { groupBy } from "../../model/group-by.ts";

type Handler = (event: Event) => void;
type Attributes = Readonly<Record<string, string | number | boolean | Handler | undefined>>;
type Child = Node | string | undefined | readonly Child[];

/**
 * An element with attributes, listeners (`onclick`) and children. Texts become text nodes, so that input can never be
 * read as markup. True is an attribute without a value; false and undefined leave it out.
 */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  return filled(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[K] {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function filled<E extends Element>(made: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== undefined) made.setAttribute(name, String(value));
  }
  append(made, children);
  return made;
}

function append(parent: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (child === undefined) continue;
    if (typeof child === "string" || child instanceof Node) parent.append(child);
    else append(parent, child as readonly Child[]);
  }
}

/** Replaces what an element holds. */
export function fill(parent: Element, ...children: readonly Child[]): void {
  parent.replaceChildren();
  append(parent, children);
}

/** The same, but the focus stays on the control that has it, or on the one that replaces it. */
export function refill(parent: Element, ...children: readonly Child[]): void {
  const active = document.activeElement;
  const key = active !== null && parent.contains(active) ? controlName(active) : undefined;
  const scroll = parent.scrollTop;
  fill(parent, ...children);
  parent.scrollTop = scroll;
  if (key === undefined) return;
  const controls = parent.querySelectorAll<HTMLElement>("button,input,select,[tabindex]");
  [...controls].find((one) => controlName(one) === key)?.focus({ preventScroll: true });
}

function controlName(control: Element): string {
  const label = control.getAttribute("aria-label") ?? control.closest("label")?.firstChild?.textContent;
  return `${control.tagName} ${label ?? control.textContent}`;
}

/** The element of the page with this id. */
export function byId<E extends HTMLElement = HTMLElement>(id: string): E {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element ${id}`);
  return found as E;
}

/** A `select` with these options. */
export function choice(
  { label, value, options }: { readonly label: string; readonly value: string; readonly options: readonly Option[] },
  onChoose: (value: string) => void,
): HTMLLabelElement {
  const grouped = groupBy(options, ({ group }) => group);
  const select = element(
    "select",
    { onchange: () => onChoose(select.value) },
    [...grouped].map(([group, members]) => {
      const made = members.map((one) =>
        element("option", { value: one.value, selected: one.value === value }, one.text ?? one.value),
      );
      return group === undefined ? made : element("optgroup", { label: group }, made);
    }),
  );
  select.value = value;
  return element("label", { class: "field" }, element("span", {}, label), select);
}

export interface Option {
  readonly value: string;
  readonly text?: string;
  readonly group?: string;
}

/** A key press on an element that is no button but acts as one. */
export function onActivate(act: () => void): Handler {
  return (event) => {
    const { key } = event as KeyboardEvent;
    if (key !== "Enter" && key !== " ") return;
    event.preventDefault();
    act();
  };
}
