// Measures a page as a thumb and an eye would: is a target big enough, is a text large enough.
// Answers {targets: [...], texts: [...]}; an element that cannot be seen is not measured.
(() => {
  const TARGET = 44;
  const TEXT = 16;
  const place = (element) => `${element.tagName.toLowerCase()}.${[...element.classList].join(".")}`;
  const words = (element) => (element.innerText || element.value || element.name || "").trim().slice(0, 40);

  const hiddenFromView = (element) => {
    if (!element.checkVisibility({ visibilityProperty: true })) return true;
    for (let each = element; each; each = each.parentElement) {
      const style = getComputedStyle(each);
      if (style.clipPath === "inset(50%)" || style.clip === "rect(0px, 0px, 0px, 0px)") return true;
    }
    return false;
  };

  // The box that answers a press: the element's own, that of its overlay, or its label's with it.
  const box = (element) => {
    const own = element.getBoundingClientRect();
    let [width, height] = [own.width, own.height];
    for (const pseudo of ["::after", "::before"]) {
      const over = getComputedStyle(element, pseudo);
      if (over.content !== "none" && over.position === "absolute") {
        width = Math.max(width, parseFloat(over.width) || 0);
        height = Math.max(height, parseFloat(over.height) || 0);
      }
    }
    return [width, height];
  };

  // WCAG lets a link in the middle of a sentence be as high as its line.
  const isInSentence = (element) => {
    if (element.tagName !== "A" || getComputedStyle(element).display !== "inline") return false;
    const own = element.textContent.trim().length;
    return element.closest("p, li, dd, td")?.textContent.trim().length > own + 3;
  };

  const targets = [...document.querySelectorAll(
    "a[href], button, summary, select, textarea, input:not([type=hidden]), [role=button]",
  )]
    .filter((element) => !hiddenFromView(element) && !isInSentence(element))
    .map((element) => [element, ...box(element)])
    .filter(([, width, height]) => width < TARGET - 0.5 || height < TARGET - 0.5)
    .map(([element, width, height]) =>
      `${place(element)} ${JSON.stringify(words(element))} is ${Math.round(width)} by ${Math.round(height)}`);

  const small = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || hiddenFromView(element)) continue;
    const size = parseFloat(getComputedStyle(element).fontSize);
    if (size < TEXT - 0.05) small.add(`${place(element)} ${JSON.stringify(words(element))} is ${size}px`);
  }
  return { targets, texts: [...small] };
})()
