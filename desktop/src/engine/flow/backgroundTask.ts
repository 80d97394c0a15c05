interface Run {
  controller: AbortController;
  done: Promise<void>;
}

/** Work that goes on in the background, one piece at a time, until it ends or is stopped. */
export class BackgroundTask {
  #run: Run | null = null;

  get isRunning(): boolean {
    return this.#run !== null;
  }

  /** Resolves at the end of the work. A failure is told to `onFailure`, unless the work was stopped. */
  start(work: (signal: AbortSignal) => Promise<void>, onFailure: (error: unknown) => void): Promise<void> {
    const controller = new AbortController();
    const done = work(controller.signal)
      .catch((error: unknown) => {
        if (!controller.signal.aborted) onFailure(error);
      })
      .finally(() => {
        this.#run = null;
      });
    this.#run = { controller, done };
    return done;
  }

  /** Resolves when nothing runs any more. */
  async stop(): Promise<void> {
    // whatever ends just now may begin the next piece
    for (let run = this.#run; run !== null; run = this.#run) {
      run.controller.abort();
      await run.done;
    }
  }
}
