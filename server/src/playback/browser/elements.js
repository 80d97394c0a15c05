/**
 * The one element of the page that matches; it is part of the page's own markup, so its absence is a mistake here.
 * @template {Element} T
 * @param {string} selector
 * @param {new () => T} type
 * @param {ParentNode} root
 * @returns {T}
 */
export function find(selector, type, root = document) {
  const element = root.querySelector(selector);
  if (!(element instanceof type)) throw new Error(`the page has no ${selector}`);
  return element;
}

/** @param {HTMLElement} element @param {boolean} shown */
export function show(element, shown) {
  element.hidden = !shown;
}

/** Gives a button its name, for screen readers and as a tooltip. @param {HTMLElement} button @param {string} name */
export function label(button, name) {
  button.setAttribute('aria-label', name);
  button.title = name;
}

/** Shows another of the page's symbols in a button. @param {Element} button @param {string} symbol */
export function setIcon(button, symbol) {
  button.querySelector('use')?.setAttribute('href', `#icon-${symbol}`);
}
