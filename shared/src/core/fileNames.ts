import { LIMITS } from '../contracts/limits.ts';

// controls break lines and terminals; direction marks make `gpj.exe` read like `exe.jpg`
const UNSHOWABLE = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** A file name as it is shown to people: nothing unprintable, at most 255 characters. Never empty. */
export function displayFileName(fileName: string): string {
  return cut(clean(fileName), LIMITS.fileNameCharacters) || 'video';
}

/** The title of a video that was given none: its file name without folders and extension. Never empty. */
export function titleFromFileName(fileName: string): string {
  const base = clean(fileName).split(/[/\\]/).at(-1) ?? '';
  const stem = base.replace(/\.[^.]{1,8}$/u, '').trim() || base.trim();
  return cut(stem, LIMITS.titleCharacters) || 'Untitled';
}

function clean(text: string): string {
  return text.toWellFormed().replace(UNSHOWABLE, ' ').trim();
}

/** By code points, so that no emoji is torn in two. */
function cut(text: string, characters: number): string {
  return [...text].slice(0, characters).join('').trim();
}
