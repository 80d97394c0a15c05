/** The symbols of the control bar, drawn on a grid of 24. */
const PATHS = {
  play: '<path d="M7.5 4.6v14.8a.7.7 0 0 0 1.06.6l12.2-7.4a.7.7 0 0 0 0-1.2L8.56 4a.7.7 0 0 0-1.06.6Z"/>',
  pause:
    '<rect x="6" y="4.5" width="4.2" height="15" rx="1"/><rect x="13.8" y="4.5" width="4.2" height="15" rx="1"/>',
  replay:
    '<path d="M12 5.2V2.1a.5.5 0 0 0-.84-.37L6.7 5.83a.5.5 0 0 0 0 .74l4.46 4.1a.5.5 0 0 0 .84-.37V7.2a5.9 5.9 0 1 1-5.87 6.5.6.6 0 0 0-.6-.55h-.8a.6.6 0 0 0-.6.67A7.9 7.9 0 1 0 12 5.2Z"/>',
  loud: '<path d="M3 9.2v5.6a.7.7 0 0 0 .7.7h3.1l4.5 4.1a.7.7 0 0 0 1.2-.5V4.9a.7.7 0 0 0-1.2-.5L6.8 8.5H3.7a.7.7 0 0 0-.7.7Z"/><path d="M15.2 8.6a4.7 4.7 0 0 1 0 6.8M17.9 5.9a8.6 8.6 0 0 1 0 12.2" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round"/>',
  quiet:
    '<path d="M3 9.2v5.6a.7.7 0 0 0 .7.7h3.1l4.5 4.1a.7.7 0 0 0 1.2-.5V4.9a.7.7 0 0 0-1.2-.5L6.8 8.5H3.7a.7.7 0 0 0-.7.7Z"/><path d="M15.2 8.6a4.7 4.7 0 0 1 0 6.8" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round"/>',
  muted:
    '<path d="M3 9.2v5.6a.7.7 0 0 0 .7.7h3.1l4.5 4.1a.7.7 0 0 0 1.2-.5V4.9a.7.7 0 0 0-1.2-.5L6.8 8.5H3.7a.7.7 0 0 0-.7.7Z"/><path d="m15.8 9.4 5.2 5.2m0-5.2-5.2 5.2" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round"/>',
  settings:
    '<path d="M4 7h8.2M18 7h2M4 17h2.2M12 17h8" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round"/><circle cx="15" cy="7" r="2.6" fill="none" stroke="currentColor" stroke-width="1.8"/><circle cx="9" cy="17" r="2.6" fill="none" stroke="currentColor" stroke-width="1.8"/>',
  pip: '<path d="M11 18.5H4.5A1.5 1.5 0 0 1 3 17V7a1.5 1.5 0 0 1 1.5-1.5h15A1.5 1.5 0 0 1 21 7v4" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round"/><rect x="13" y="13" width="8.6" height="6" rx="1.2"/>',
  grow: '<path d="M4 9V5.2A1.2 1.2 0 0 1 5.2 4H9m6 0h3.8A1.2 1.2 0 0 1 20 5.2V9m0 6v3.8a1.2 1.2 0 0 1-1.2 1.2H15m-6 0H5.2A1.2 1.2 0 0 1 4 18.8V15" fill="none" stroke="currentColor" stroke-width="1.9" stroke-linecap="round"/>',
  shrink:
    '<path d="M9 4v3.8A1.2 1.2 0 0 1 7.8 9H4m16 0h-3.8A1.2 1.2 0 0 1 15 7.8V4m0 16v-3.8a1.2 1.2 0 0 1 1.2-1.2H20M4 15h3.8A1.2 1.2 0 0 1 9 16.2V20" fill="none" stroke="currentColor" stroke-width="1.9" stroke-linecap="round"/>',
};

export type IconName = keyof typeof PATHS;

function createIcon(name: IconName): DocumentFragment {
  const template = document.createElement('template');
  template.innerHTML = `<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">${PATHS[name]}</svg>`;
  return template.content;
}

/** Shows this symbol in a button, in place of the one before. */
export function setIcon(button: Element, name: IconName): void {
  if (button.getAttribute('data-icon') === name) return;
  button.setAttribute('data-icon', name);
  button.querySelector('.icon')?.remove();
  button.prepend(createIcon(name));
}
