type Rules = Readonly<Record<string, string>>;

/**
 * The style of a picture: rules by selector, with colours for light and dark. Each rule concerns this picture only: a page
 * has others.
 */
export function pictureStyle(scope: string, { light, dark }: { readonly light: Rules; readonly dark: Rules }): string {
  return `${scoped(scope, light)}@media (prefers-color-scheme:dark){${scoped(scope, dark)}}`;
}

function scoped(scope: string, rules: Rules): string {
  const selectors = (list: string): string =>
    list
      .split(",")
      .map((each) => `${scope} ${each}`)
      .join(",");
  return Object.entries(rules)
    .map(([selector, style]) => `${selectors(selector)}{${style}}`)
    .join("");
}
