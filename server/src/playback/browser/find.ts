/** Returns the first element of the page that matches. Throws where there is none of this type: it is part of the page's markup. */
export function find<T extends Element>(selector: string, type: new () => T): T {
  const element = document.querySelector(selector);
  if (!(element instanceof type)) throw new Error(`the page has no ${selector}`);
  return element;
}
