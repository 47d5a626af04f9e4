import type { Chart, ChartSeries } from './charts.ts';
import type { RunReading, StepValues } from './runreading.ts';

/** At most so many points of a run's steps are drawn: each is the mean of the steps around it. */
const BINS = 160;

/** Losses of all runs over epochs; undefined when no run has any. */
export function lossChart(runs: readonly RunReading[]): Chart | undefined {
  const series = runs.flatMap(({ name, history, steps }, run): ChartSeries[] => {
    const bins = binned(steps).map(({ at, loss }) => [at, loss] as const);
    const line = (kind: string, look: ChartSeries['look'], points: ChartSeries['points']): ChartSeries[] =>
      (points.length === 0 ? [] : [{ name, kind, run, look, points }]);
    return [
      ...line('steps', 'faint', bins),
      ...line('train', 'line', history.map(({ epoch, loss }) => [epoch + 1, loss] as const)),
      ...line('validation', 'dashed', history.map(({ epoch, val_loss }) => [epoch + 1, val_loss] as const)),
    ];
  });
  if (series.length === 0) return undefined;
  const top = topOf(series);
  const smoothed = series.some(({ look }) => look === 'faint');
  const likelihood = runs.every((run) => run.likelihood);
  return {
    title: 'Loss', xName: 'epoch', yName: likelihood ? 'nats per word' : 'loss', series, xMin: 0, height: 360, ...(top !== undefined && { top }),
    caption: `${likelihood ? 'Mean negative log-likelihood per word' : 'Mean loss, of some runs no log-likelihood'}: solid while training, mean of each epoch; dashed on validation ${likelihood ? 'stories' : 'data'}${smoothed ? `; thin: training steps, smoothed${top === undefined ? '' : ', the first ones above the frame'}` : ''}.`,
  };
}

/**
 * The first steps of a run, at the logarithm of its vocabulary's size, would press everything else together: the frame
 * ends a little above the greatest loss of an epoch. Undefined where nothing lies above.
 */
function topOf(series: readonly ChartSeries[]): number | undefined {
  const greatest = (some: readonly ChartSeries[]): number => some.reduce((max, { points }) => points.reduce((most, [, y]) => Math.max(most, y), max), -Infinity);
  const least = series.reduce((min, { points }) => points.reduce((most, [, y]) => Math.min(most, y), min), Infinity);
  const [epochs, all] = [greatest(series.filter(({ look }) => look !== 'faint')), greatest(series)];
  if (epochs === -Infinity) return undefined;
  const top = epochs + 0.1 * Math.max(epochs - least, 0.1 * Math.abs(epochs));
  if (all <= top) return undefined;
  const unit = 10 ** Math.floor(Math.log10(Math.max(top - least, 1e-6)) - 1);
  return Number((Math.ceil(top / unit) * unit).toPrecision(6));
}

/** Learning rates of all runs; undefined when no run logged any. */
export function learningRateChart(runs: readonly RunReading[]): Chart | undefined {
  const series = runs.flatMap(({ name, steps }, run): ChartSeries[] => {
    const points = binned(steps).flatMap(({ at, learningRate }) => (learningRate === null ? [] : [[at, learningRate] as const]));
    return points.length === 0 ? [] : [{ name, run, look: 'line', points }];
  });
  return series.length === 0 ? undefined : { title: 'Learning rate', caption: 'Of each training step.', xName: 'epoch', yName: '', series, xMin: 0, fromZero: true, height: 190 };
}

interface Bin {
  /** In epochs: 1.5 is the middle of the second. */
  readonly at: number;
  /** Mean over words. */
  readonly loss: number;
  /** Of the bin's last step. */
  readonly learningRate: number | null;
}

/** Neighbouring steps put together, so that at most `BINS` are left. */
function binned(steps: readonly StepValues[]): Bin[] {
  const width = Math.ceil(steps.length / BINS);
  const perEpoch = stepsPerEpoch(steps);
  return Array.from({ length: Math.ceil(steps.length / Math.max(width, 1)) }, (_, i) => {
    const bin = steps.slice(i * width, (i + 1) * width);
    const words = bin.reduce((sum, step) => sum + weightOf(step), 0);
    const middle = (bin[0]!.step + bin.at(-1)!.step) / 2;
    return { at: middle / perEpoch, loss: bin.reduce((sum, step) => sum + step.loss * weightOf(step), 0) / words, learningRate: bin.at(-1)!.learningRate };
  });
}

/** Steps of which no words are known count alike. */
function weightOf({ words }: StepValues): number {
  return words ?? 1;
}

/** All epochs have the same number of steps; of a run within its first, the steps there are. */
function stepsPerEpoch(steps: readonly StepValues[]): number {
  const first = steps.filter(({ epoch }) => epoch === steps[0]!.epoch);
  return Math.max(1, first.length);
}
