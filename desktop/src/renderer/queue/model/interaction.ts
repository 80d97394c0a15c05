import { create } from 'zustand';

/** A question that is asked before something is given up. */
export interface Question {
  kind: 'cancel' | 'remove';
  ids: string[];
}

/** What the user is doing with the rows just now. */
export interface Interaction {
  /** The row whose title is edited. */
  editing: string | null;
  /** The row whose menu is open, and where on the screen. */
  menu: { id: string; x: number; y: number } | null;
  question: Question | null;
  /** Read out by screen readers whenever it changes. */
  announcement: string;
}

export const useInteraction = create<Interaction>()(() => ({
  editing: null,
  menu: null,
  question: null,
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

export function ask(question: Question | null): void {
  useInteraction.setState({ question });
}

export function announce(announcement: string): void {
  useInteraction.setState({ announcement });
}
