/** Closes what was opened, last first, each exactly once; one failure does not keep the others open. */
export class CleanupStack {
  readonly #pending: { name: string; release: () => Promise<void> | void }[] = [];
  #done: Promise<void> | undefined;

  add(name: string, release: () => Promise<void> | void): void {
    this.#pending.push({ name, release });
  }

  /** Closes everything; a second call returns the same promise. Throws an AggregateError of what failed. */
  release(): Promise<void> {
    this.#done ??= this.#releaseAll();
    return this.#done;
  }

  async #releaseAll(): Promise<void> {
    const failures: Error[] = [];
    for (const { name, release } of this.#pending.splice(0).reverse()) {
      try {
        await release();
      } catch (cause) {
        failures.push(new Error(`closing ${name} failed`, { cause }));
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'some resources could not be closed');
  }
}
