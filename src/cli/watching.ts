import { formatSeconds, progressBar } from '../core/progress.ts';
import type { Progress } from '../core/progress.ts';
import type { OpenTraining } from '../training/task.ts';
import type { TrainingEvents } from '../training/trainer.ts';

export interface WatchOptions {
  /** Where lines go; undefined prints none. */
  readonly print: ((line: string) => void) | undefined;
  /** Seconds between two lines within an epoch, in place of the bar; undefined shows the bar. */
  readonly every: number | undefined;
}

type Step = Parameters<NonNullable<TrainingEvents['onStep']>>[0];

/** Lines that show what the model makes of some validation data after an epoch, counted from 1. */
export type Samples = (epoch: number) => Promise<readonly string[]>;

/** Shows a training: a line an epoch with samples, and a bar or lines within it. */
export function watch(open: Pick<OpenTraining, 'config' | 'task' | 'folder' | 'resumedFrom'>, samples: Samples, { print = () => undefined, every }: WatchOptions): TrainingEvents {
  const { config, task, folder, resumedFrom } = open;
  print(`${folder.path}: ${task.title}, ${task.learner.arena.trainableCount.toLocaleString('en')} parameters${resumedFrom > 0 ? `, continuing after epoch ${resumedFrom}` : ''}`);
  const clock = new TrainingClock(config.training.epochs);
  const steps = every === undefined ? new Bar(clock) : new Lines(clock, config.training.epochs, every, print);
  clock.beginEpoch();
  return {
    onStep(step) {
      clock.step(step);
      steps.show(step);
    },
    async onEpoch(row) {
      steps.end();
      clock.endEpoch();
      const perplexity = task.likelihood === false ? '' : `  perplexity ${Math.exp(row.val_loss).toFixed(1)}`;
      print(`epoch ${String(row.epoch + 1).padStart(2)}  loss ${row.loss.toFixed(4)}  val_loss ${row.val_loss.toFixed(4)}${perplexity}  ${formatSeconds(row.seconds)}${row.best ? '  best' : ''}`);
      for (const sample of await samples(row.epoch + 1)) print(`  ${sample}`);
      clock.beginEpoch();
    },
  };
}

/** Estimates the time left from the steps of this epoch, and from whole epochs once there are any. */
export class TrainingClock {
  readonly #epochs: number;
  readonly #now: () => number;
  #begun = 0;
  /** The batch with which this sitting began the epoch: a resumed one begins within. */
  #first = 1;
  #stepsTimed = false;
  #stepSeconds = 0;
  /** From the first step to the samples, of the last epoch that was whole; and of that, what came after the steps. */
  #whole: number | undefined;
  #after = 0;
  #lastStep: Step | undefined;
  #lastStepAt = 0;

  constructor(epochs: number, now: () => number = () => performance.now()) {
    this.#epochs = epochs;
    this.#now = now;
  }

  beginEpoch(): void {
    this.#begun = this.#now();
    this.#stepsTimed = false;
  }

  step(step: Step): void {
    if (!this.#stepsTimed) this.#first = step.batch;
    this.#stepsTimed = true;
    this.#lastStep = step;
    this.#lastStepAt = this.#now();
    this.#stepSeconds = (this.#lastStepAt - this.#begun) / 1000 / (step.batch - this.#first + 1);
  }

  endEpoch(): void {
    const now = this.#now();
    this.#after = (now - this.#lastStepAt) / 1000;
    if (this.#first === 1) this.#whole = (now - this.#begun) / 1000;
  }

  /** Seconds until the epoch and until all epochs are done, should none end it sooner. */
  left(): { epoch: number; all: number } {
    const step = this.#lastStep;
    if (step === undefined) return { epoch: NaN, all: NaN };
    const epoch = this.#stepSeconds * (step.batches - step.batch) + this.#after;
    const whole = this.#whole ?? this.#stepSeconds * step.batches + this.#after;
    return { epoch, all: epoch + (this.#epochs - step.epoch) * whole };
  }
}

function tokens(perSecond: number): string {
  return `${Math.round(perSecond).toLocaleString('en')} tokens/s`;
}

/** A bar an epoch, on a terminal. */
class Bar {
  readonly #clock: TrainingClock;
  #bar: Progress | undefined;

  constructor(clock: TrainingClock) {
    this.#clock = clock;
  }

  show({ epoch, batch, batches, loss, wordsPerSecond }: Step): void {
    // It counts from here: of a resumed epoch a part is done already, in no time.
    this.#bar ??= progressBar(`epoch ${epoch}`, batches, process.stderr, batch - 1);
    this.#bar.update(batch, `loss ${loss.toFixed(3)}, ${tokens(wordsPerSecond)}, all ${formatSeconds(this.#clock.left().all)}`);
  }

  end(): void {
    this.#bar?.finish();
    this.#bar = undefined;
  }
}

/** Lines in a log, so many seconds apart. */
class Lines {
  readonly #clock: TrainingClock;
  readonly #epochs: number;
  readonly #every: number;
  readonly #print: (line: string) => void;
  #printed = performance.now();

  constructor(clock: TrainingClock, epochs: number, every: number, print: (line: string) => void) {
    this.#clock = clock;
    this.#epochs = epochs;
    this.#every = every;
    this.#print = print;
  }

  show({ step, epoch, batch, batches, loss, wordsPerSecond }: Step): void {
    const now = performance.now();
    if (now - this.#printed < this.#every * 1000) return;
    this.#printed = now;
    const left = this.#clock.left();
    this.#print(`epoch ${epoch}/${this.#epochs}  ${((100 * batch) / batches).toFixed(1)} %  step ${step}  loss ${loss.toFixed(4)}  ${tokens(wordsPerSecond)}  left ${formatSeconds(left.epoch)} of the epoch, ${formatSeconds(left.all)} of all`);
  }

  end(): void {
    // The line of the epoch says more.
    this.#printed = performance.now();
  }
}
