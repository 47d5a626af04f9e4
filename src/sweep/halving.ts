/** One rung of successive halving (Jamieson and Talwalkar, AISTATS 2016). */
export interface Rung {
  /** Trials that take part. */
  readonly trials: number;
  /** Epochs each has been trained for at its end. */
  readonly epochs: number;
}

/**
 * The rungs: of each, one in `eta` goes on to the next with `eta` times the epochs, up to `maxEpochs`. A trial that is
 * left alone goes to `maxEpochs` at once.
 */
export function rungsOf(trials: number, eta: number, minEpochs: number, maxEpochs: number): Rung[] {
  const rungs: Rung[] = [];
  for (let [n, epochs] = [trials, minEpochs]; ; n = Math.max(1, Math.floor(n / eta)), epochs *= eta) {
    if (n === 1 || epochs >= maxEpochs) return [...rungs, { trials: n, epochs: maxEpochs }];
    rungs.push({ trials: n, epochs });
  }
}

/**
 * The `count` trials with the lowest score, best first. Trials without a score have failed and do not go on; of equal
 * ones the earlier does.
 * @param scores by trial, in the order of trials
 */
export function promote(scores: ReadonlyMap<string, number | undefined>, count: number): string[] {
  const ranked = [...scores].filter((entry): entry is [string, number] => entry[1] !== undefined);
  return ranked.sort(([, a], [, b]) => a - b).slice(0, count).map(([id]) => id);
}
