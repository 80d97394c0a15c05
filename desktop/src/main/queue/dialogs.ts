import type { UploadSnapshot } from '../../contracts/desktop.ts';

/** Where the user is asked for files; a dialog that is closed answers nothing. */
export interface Dialogs {
  /** Several files, or folders; empty where nothing was chosen. */
  chooseVideos(what: 'files' | 'folder'): Promise<string[]>;
  /** Where the file of an upload is now. */
  chooseReplacement(upload: Pick<UploadSnapshot, 'path' | 'fileName'>): Promise<string | null>;
}
