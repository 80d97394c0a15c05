/** Returns a new element with these attributes and this content. */
export function createElement<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Record<string, string> = {},
  ...content: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...content);
  return element;
}

export function setVisible(element: HTMLElement, visible: boolean): void {
  element.hidden = !visible;
}

/** Names a button, for screen readers and as a tooltip. */
export function setLabel(button: HTMLElement, name: string): void {
  button.setAttribute('aria-label', name);
  button.title = name;
}
