import { progressBar } from '../core/progress.ts';
import type { Progress } from '../core/progress.ts';

/** One progress bar after the other: a new one when something else is done. */
export class PhaseProgress {
  #what = '';
  #bar: Progress | undefined;

  /** @param what is done, and how much of how much of it */
  update(what: string, done: number, total: number): void {
    if (what !== this.#what) {
      this.finish();
      this.#what = what;
      this.#bar = progressBar(what, total);
    }
    this.#bar?.update(done);
  }

  finish(): void {
    this.#bar?.finish();
  }
}
