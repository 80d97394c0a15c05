import type { BuiltApp } from './desktopApp.ts';
import { waitFor } from './processes.ts';

/** The system's dialogs, which no test can press: the test answers in their place. */
interface HeldQuestions {
  heldQuestions: { message: string; answer(button: number): void }[];
}

/** Keeps the questions of the app open until `answerQuestion`. */
export async function holdQuestions({ electron }: BuiltApp): Promise<void> {
  await electron.evaluate(({ dialog }) => {
    // a global of the app's main process, made here
    const held = globalThis as unknown as HeldQuestions;
    held.heldQuestions = [];
    dialog.showMessageBox = (...args: unknown[]) =>
      new Promise((resolve) => {
        // the options are the last argument, after the window where there is one
        const { message } = args.at(-1) as { message: string };
        held.heldQuestions.push({
          message,
          answer: (response) => resolve({ response, checkboxChecked: false }),
        });
      });
  });
}

/** The messages of the questions that are open. */
export function readQuestions({ electron }: BuiltApp): Promise<string[]> {
  return electron.evaluate(() =>
    // made by `holdQuestions`
    (globalThis as unknown as HeldQuestions).heldQuestions.map(({ message }) => message),
  );
}

/** Waits for a question and presses a button of it, the first is 0. */
export async function answerQuestion(app: BuiltApp, button: number): Promise<void> {
  await waitFor('the app asks', async () => (await readQuestions(app)).length > 0);
  await app.electron.evaluate((_, pressed) => {
    // made by `holdQuestions`
    (globalThis as unknown as HeldQuestions).heldQuestions.shift()?.answer(pressed);
  }, button);
}

/** From now on every dialog for files and folders returns these. */
export async function chooseFiles({ electron }: BuiltApp, filePaths: readonly string[]): Promise<void> {
  await electron.evaluate(
    ({ dialog }, chosen) => {
      dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: chosen });
    },
    [...filePaths],
  );
}
