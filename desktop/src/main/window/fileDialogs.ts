import { dirname } from 'node:path';
import { type BrowserWindow, dialog, type FileFilter, type OpenDialogOptions } from 'electron';
import type { Translate } from '../i18n/translate.ts';
import { VIDEO_EXTENSIONS } from '../queue/fileKinds.ts';
import type { Dialogs } from '../queue/queueService.ts';

/** The system's own dialogs, modal to the window. */
export class FileDialogs implements Dialogs {
  readonly #window: () => BrowserWindow | null;
  readonly #translate: () => Translate;

  constructor(window: () => BrowserWindow | null, translate: () => Translate) {
    this.#window = window;
    this.#translate = translate;
  }

  chooseVideos(what: 'files' | 'folder'): Promise<string[]> {
    const t = this.#translate();
    if (what === 'folder') {
      return this.#open({
        title: t('dialog.pickFolder'),
        buttonLabel: t('dialog.add'),
        properties: ['openDirectory', 'multiSelections'],
      });
    }
    return this.#open({
      title: t('dialog.pickFiles'),
      buttonLabel: t('dialog.add'),
      filters: videoFilters(t),
      properties: ['openFile', 'multiSelections'],
    });
  }

  async chooseReplacement({ path, fileName }: { path: string; fileName: string }): Promise<string | null> {
    const t = this.#translate();
    const [chosen] = await this.#open({
      title: t('dialog.relocate', { fileName }),
      // not every system shows the title
      message: t('dialog.relocate', { fileName }),
      defaultPath: dirname(path),
      buttonLabel: t('dialog.choose'),
      filters: videoFilters(t),
      properties: ['openFile'],
    });
    return chosen ?? null;
  }

  async chooseWatchFolder(current: string | null): Promise<string | null> {
    const t = this.#translate();
    const [chosen] = await this.#open({
      title: t('dialog.pickWatchFolder'),
      buttonLabel: t('dialog.choose'),
      ...(current === null ? {} : { defaultPath: current }),
      properties: ['openDirectory', 'createDirectory'],
    });
    return chosen ?? null;
  }

  async #open(options: OpenDialogOptions): Promise<string[]> {
    const window = this.#window();
    const { filePaths } = await (window === null
      ? dialog.showOpenDialog(options)
      : dialog.showOpenDialog(window, options));
    return filePaths;
  }
}

function videoFilters(t: Translate): FileFilter[] {
  const lower = [...VIDEO_EXTENSIONS].map((extension) => extension.slice(1));
  // GTK's filters are case-sensitive, and cameras write upper case
  const extensions =
    process.platform === 'linux' ? [...lower, ...lower.map((one) => one.toUpperCase())] : lower;
  return [
    { name: t('dialog.videos'), extensions },
    { name: t('dialog.allFiles'), extensions: ['*'] },
  ];
}
