import { randomInt } from 'node:crypto';
import { messageOf } from '../../core/errors.ts';
import { MlflowError } from './client.ts';
import type { RunSender } from './sender.ts';

export interface LoopOptions {
  /** Run folder, as it is named in lines. */
  readonly folder: string;
  readonly say: (line: string) => void;
  /** Milliseconds between looks at the folder, when nobody wakes it. */
  readonly every?: number;
  /** Milliseconds that the end may take. */
  readonly patience?: number;
}

/** Milliseconds to wait after the first failure, and at most. */
const FIRST_WAIT = 2000;
const LONGEST_WAIT = 300_000;

/** Something that is tried again and again, less often after each failure. */
class Work {
  readonly #act: () => Promise<void>;
  readonly #onFailure: (error: unknown) => void;
  #failures = 0;
  #notBefore = 0;

  constructor(act: () => Promise<void>, onFailure: (error: unknown) => void) {
    this.#act = act;
    this.#onFailure = onFailure;
  }

  get due(): boolean {
    return performance.now() >= this.#notBefore;
  }

  get failed(): boolean {
    return this.#failures > 0;
  }

  /** @returns whether it succeeded; never throws */
  async attempt(act = this.#act): Promise<boolean> {
    try {
      await act();
      this.#failures = 0;
      this.#notBefore = 0;
      return true;
    } catch (error) {
      const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.#failures++);
      // With chance in it, so that the runs of a sweep do not all come back at once.
      this.#notBefore = performance.now() + wait * (0.5 + randomInt(1000) / 2000);
      this.#onFailure(error);
      return false;
    }
  }
}

/** Sends what a living run writes. Nothing that fails ends it: each kind of failure is said once, and tried again later. */
export class MirrorLoop {
  readonly #sender: RunSender;
  readonly #options: Required<LoopOptions>;
  readonly #said = new Set<string>();
  readonly #values: Work;
  readonly #uploads: Work;
  /** An upload under way: it does not hold values up. */
  #uploading: Promise<unknown> | undefined;
  /** The server refuses: given up until the end. */
  #refused = false;
  #closing = false;
  #wake: () => void = () => {};
  readonly #running: Promise<void>;

  constructor(sender: RunSender, options: LoopOptions) {
    this.#sender = sender;
    this.#options = { every: 5000, patience: 15_000, ...options };
    this.#values = new Work(() => sender.send(false), (error) => {
      // Every further request would be refused too.
      this.#refused = !isTemporary(error);
      this.#sayFailure(error, 'the run goes on without MLflow');
    });
    this.#uploads = new Work(() => sender.upload(false), (error) => this.#sayFailure(error, 'it stays in the run folder only'));
    this.#running = this.#run();
  }

  /** Something was written. */
  wake(): void {
    this.#wake();
  }

  /** Sends the rest, within the time given for it, and says what is left. */
  async close(): Promise<void> {
    const { patience } = this.#options;
    // A server that was away until now is not waited for as long, or many small runs would all wait; but it may be back.
    const untilFailure = this.#values.failed ? Math.min(3000, patience) : patience;
    this.#closing = true;
    this.#wake();
    const done = await Promise.race([this.#finish(performance.now() + untilFailure), after(patience).then(() => false)]);
    if (!done) this.#options.say(await this.#left());
  }

  async #run(): Promise<void> {
    while (!this.#closing) {
      if (!this.#refused && this.#values.due && (await this.#values.attempt()) && this.#uploads.due) {
        this.#uploading ??= this.#uploads.attempt().finally(() => (this.#uploading = undefined));
      }
      if (!this.#closing) await this.#pause();
    }
  }

  /**
   * @param deadline after which a failure is not followed by another attempt
   * @returns whether everything is there
   */
  async #finish(deadline: number): Promise<boolean> {
    await this.#running;
    for (let wait = 250; ; wait *= 2) {
      this.#refused = false;
      if (await this.#values.attempt(() => this.#sender.send(true))) {
        await this.#uploading;
        if (await this.#uploads.attempt(() => this.#sender.upload(true))) return (await this.#sender.missing()).artifacts === 0;
      }
      if (this.#refused || performance.now() + wait > deadline) return false;
      await after(wait);
    }
  }

  /** @param refusal what comes of it, where waiting does not mend it */
  #sayFailure(error: unknown, refusal: string): void {
    const kind = error instanceof MlflowError ? error.code : 'other';
    if (this.#said.has(kind) || this.#closing) return;
    this.#said.add(kind);
    this.#options.say(`${messageOf(error).replace(/\s*\n\s*/g, ' ')}; ${isTemporary(error) ? 'the run goes on, and what is missing is sent when MLflow answers again' : refusal}`);
  }

  async #left(): Promise<string> {
    const { metrics, artifacts } = await this.#sender.missing().catch(() => ({ metrics: 0, artifacts: 0 }));
    const counts = [[metrics, 'value'], [artifacts, 'file']].filter(([count]) => count !== 0).map(([count, what]) => `${count!.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`);
    return `not all of this run is on MLflow (missing: ${counts.join(' and ') || 'how it ended'}); send the rest with: fabula runs sync ${this.#options.folder}`;
  }

  /** Until somebody wakes it, or it is time to look again. */
  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#options.every);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function isTemporary(error: unknown): boolean {
  return error instanceof MlflowError && error.temporary;
}

function after(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
}
