interface Run {
  controller: AbortController;
  done: Promise<void>;
}

/** Work in the background: one run at a time, until it ends or is stopped. */
export class BackgroundTask {
  #run: Run | null = null;

  get isRunning(): boolean {
    return this.#run !== null;
  }

  /**
   * Starts `work` and resolves when it has ended. A failure is passed to `onFailure`, unless the work was stopped.
   * Throws while another run is under way: stop that one first.
   */
  start(work: (signal: AbortSignal) => Promise<void>, onFailure: (error: unknown) => void): Promise<void> {
    if (this.#run !== null) throw new Error('a run of this task is under way');
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

  /** Aborts the run and resolves when nothing runs any more, which includes a run that began in the meantime. */
  async stop(): Promise<void> {
    for (let run = this.#run; run !== null; run = this.#run) {
      run.controller.abort();
      await run.done;
    }
  }
}
