/** A line of timeline.jsonl. */
interface TimePoint {
  readonly step: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Of training, all sittings together. */
  readonly seconds: number;
}

/**
 * When each step was done. The timeline notes it now and then; between two notes steps are spread evenly over the
 * training that lies between them. The same file always gives the same times, so that nothing sent twice counts twice.
 */
export class StepTimes {
  readonly #begun: number;
  readonly #points: TimePoint[] = [];

  /** @param begun when the run was begun, in milliseconds since 1970: the time of every step where nothing was noted */
  constructor(begun: number) {
    this.#begun = begun;
  }

  /** Takes a line of timeline.jsonl; one without numbers is passed over. Later lines win: a resumed run measures steps again. */
  add(line: Readonly<Record<string, unknown>>): void {
    const { step, time, seconds } = line;
    if (typeof step !== 'number' || typeof time !== 'number') return;
    while (this.#points.length > 0 && this.#points.at(-1)!.step > step) this.#points.pop();
    this.#points.push({ step, time, seconds: typeof seconds === 'number' ? seconds : 0 });
  }

  /** The last step whose time is settled. */
  get settled(): number {
    return this.#points.at(-1)?.step ?? -1;
  }

  /** When the last noted step was done; undefined where none was noted. */
  get last(): number | undefined {
    return this.#points.at(-1)?.time;
  }

  /** Milliseconds since 1970, whole. */
  at(step: number): number {
    const place = this.#placeOf(step);
    const point = this.#points[place];
    if (point === undefined) return this.last ?? this.#begun;
    const before = this.#points[place - 1] ?? { step: 0, time: this.#begun, seconds: 0 };
    const steps = point.step - before.step;
    if (steps <= 0) return point.time;
    // A break between two sittings is no time of any step.
    const begun = Math.max(before.time, point.time - Math.max(0, point.seconds - before.seconds) * 1000);
    return Math.round(begun + ((step - before.step) / steps) * (point.time - begun));
  }

  /** Index of the first point at or after a step. */
  #placeOf(step: number): number {
    let [low, high] = [0, this.#points.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#points[middle]!.step < step) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
