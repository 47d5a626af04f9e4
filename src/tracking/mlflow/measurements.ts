import { join } from 'node:path';
import type { MlflowMetric } from './client.ts';
import { LineTail } from './linetail.ts';
import { StepTimes } from './steptimes.ts';

/** The last step of each metric that the server has. */
export type SentSteps = Readonly<Record<string, number>>;

/** The values of a run's metrics.jsonl that a server lacks, in its order, with their times. */
export class Measurements {
  readonly #metrics: LineTail;
  readonly #timeline: LineTail;
  readonly #times: StepTimes;
  readonly #sent: SentSteps;
  #waiting: Omit<MlflowMetric, 'timestamp'>[] = [];
  /** Of those, the first that was not sent. */
  #first = 0;

  /**
   * @param begun when the run was begun, in milliseconds since 1970
   * @param sent what the server has: it is passed over, also where a resumed run measures it again
   */
  constructor(folder: string, begun: number, sent: SentSteps) {
    this.#sent = sent;
    this.#metrics = new LineTail(join(folder, 'metrics.jsonl'));
    this.#timeline = new LineTail(join(folder, 'timeline.jsonl'));
    this.#times = new StepTimes(begun);
  }

  /** Reads what has been written since the last time. */
  async read(): Promise<void> {
    for await (const line of this.#metrics.read()) this.#take(line);
    // After the metrics, which are written first: a step whose time is read here is there already.
    for await (const line of this.#timeline.read()) this.#times.add(line);
  }

  /** When the last noted step was done, in milliseconds since 1970; undefined where none was noted. */
  get lastTime(): number | undefined {
    return this.#times.last;
  }

  /** How many values are waiting. */
  get waiting(): number {
    return this.#waiting.length - this.#first;
  }

  /**
   * The first of those waiting.
   * @param ended also those of steps whose time has not been noted: the run writes no more
   */
  next(count: number, ended: boolean): MlflowMetric[] {
    const ready = this.#waiting.slice(this.#first, this.#first + count);
    const unsettled = ended ? -1 : ready.findIndex(({ step }) => step > this.#times.settled);
    return ready.slice(0, unsettled < 0 ? ready.length : unsettled).map((metric) => ({ ...metric, timestamp: this.#times.at(metric.step) }));
  }

  /** Forgets the first values: they were sent. */
  drop(count: number): void {
    this.#first += count;
    if (this.#first < this.#waiting.length) return;
    this.#waiting = [];
    this.#first = 0;
  }

  #take(line: Readonly<Record<string, unknown>>): void {
    const { step, epoch, ...values } = line;
    if (typeof step !== 'number') return;
    // Which epoch it was is worth a curve only where an epoch ends.
    const named = 'val_loss' in values && typeof epoch === 'number' ? { ...values, epoch } : values;
    for (const [key, value] of Object.entries(named)) {
      if (step <= (this.#sent[key] ?? -1)) continue;
      // JSON writes null for what is not a finite number.
      if (typeof value === 'number' || value === null) this.#waiting.push({ key, value: value ?? 'NaN', step });
    }
  }
}
