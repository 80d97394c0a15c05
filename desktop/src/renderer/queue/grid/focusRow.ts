/** Gives the focus to a row of the list, where it is drawn. */
export function focusRow(id: string): void {
  const row = document.querySelector<HTMLElement>(`[role="row"][data-id="${CSS.escape(id)}"]`);
  row?.focus({ preventScroll: true });
}
