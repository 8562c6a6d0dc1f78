/** Luminance of the page and contrast of its texts, by the formula of WCAG 2. */
export const measure = `(() => {
  const parse = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = (colour) => {
    const [r, g, b] = parse(colour).map((part) => (part / 255 <= 0.03928 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if (parse(colour)[3] !== 0) return luminance(colour);
    }
    return luminance("rgb(255,255,255)");
  };
  const selectors = ["h1", "a", "caption", "small", ".severity", ".sign.added", ".sign.changed", ".sign.removed", "ins", "del", ".gone code", ".new code", ".refused code", ".facts li", ".more", "footer", "dd", "figcaption"];
  const contrasts = selectors.flatMap((selector) => [...document.querySelectorAll(selector)].slice(0, 5).map((element) => {
    const [lighter, darker] = [luminance(getComputedStyle(element).color), behind(element)].sort((a, b) => b - a);
    return [selector, (lighter + 0.05) / (darker + 0.05)];
  }));
  return { paper: behind(document.body), contrasts };
})()`;
