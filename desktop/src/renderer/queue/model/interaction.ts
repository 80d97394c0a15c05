import { create } from 'zustand';

/** What the user has to confirm before something is lost. */
export interface Confirmation {
  kind: 'cancel' | 'remove';
  ids: string[];
}

/** What the user is doing with the rows. */
export interface Interaction {
  /** The row whose title is edited. */
  editing: string | null;
  /** The row whose menu is open, and where on the screen. */
  menu: { id: string; x: number; y: number } | null;
  confirmation: Confirmation | null;
  /** Read out by screen readers whenever it changes. */
  announcement: string;
}

export const useInteraction = create<Interaction>()(() => ({
  editing: null,
  menu: null,
  confirmation: null,
  announcement: '',
}));

export function editTitle(id: string | null): void {
  useInteraction.setState({ editing: id });
}

export function openMenu(id: string, x: number, y: number): void {
  useInteraction.setState({ menu: { id, x, y } });
}

export function closeMenu(): void {
  useInteraction.setState({ menu: null });
}

/** Opens the dialog for a confirmation; null closes it. */
export function requestConfirmation(confirmation: Confirmation | null): void {
  useInteraction.setState({ confirmation });
}

export function announce(announcement: string): void {
  useInteraction.setState({ announcement });
}

/** Focuses a row of the list, where it is rendered. */
export function focusRow(id: string): void {
  const row = document.querySelector<HTMLElement>(`[role="row"][data-id="${CSS.escape(id)}"]`);
  row?.focus({ preventScroll: true });
}
