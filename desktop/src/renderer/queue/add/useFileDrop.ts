import { useEffect, useState } from 'react';
import { pathsOf } from '../../ipc/bridge.ts';
import { addPaths } from './addFiles.ts';

/** The browser sends drag events at least this often; without one, the drag has ended elsewhere. */
const SILENCE_MS = 1_000;

/** Handles files dropped on the window, and returns whether files are being dragged over it. */
export function useFileDrop(): boolean {
  const [isOver, setIsOver] = useState(false);
  useEffect(() => followDrops(window, setIsOver), []);
  return isOver;
}

function followDrops(target: Window, show: (isOver: boolean) => void): () => void {
  let silence: number | undefined;
  const hide = (): void => {
    target.clearTimeout(silence);
    show(false);
  };
  const over = (event: DragEvent): void => {
    // whatever is dropped, the window must not go to it
    event.preventDefault();
    const hasFiles = carriesFiles(event);
    if (event.dataTransfer) event.dataTransfer.dropEffect = hasFiles ? 'copy' : 'none';
    if (!hasFiles) return;
    show(true);
    target.clearTimeout(silence);
    silence = target.setTimeout(hide, SILENCE_MS);
  };
  const leave = (event: DragEvent): void => {
    // from one element to the next is no leaving of the window
    if (event.relatedTarget === null) hide();
  };
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    hide();
    if (carriesFiles(event)) addPaths(pathsOf(event.dataTransfer?.files ?? []));
  };
  target.addEventListener('dragenter', over);
  target.addEventListener('dragover', over);
  target.addEventListener('dragleave', leave);
  target.addEventListener('drop', drop);
  return () => {
    hide();
    target.removeEventListener('dragenter', over);
    target.removeEventListener('dragover', over);
    target.removeEventListener('dragleave', leave);
    target.removeEventListener('drop', drop);
  };
}

function carriesFiles({ dataTransfer }: DragEvent): boolean {
  return dataTransfer?.types.includes('Files') ?? false;
}
