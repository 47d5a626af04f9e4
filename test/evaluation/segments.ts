import type { MeasuredSegment, Metric } from '../../src/evaluation/metric.ts';

const words = (text: string): string[] => text.split(' ').filter((word) => word !== '');

/** A segment of texts whose words are parted by spaces. */
export function measured(hypothesis: string, ...references: string[]): MeasuredSegment {
  return { hypothesis, references, tokens: { hypothesis: words(hypothesis), references: references.map(words) } };
}

/** The sum of segments' statistics. */
export function summed(metric: Metric, segments: readonly MeasuredSegment[]): Float64Array {
  const sums = new Float64Array(metric.width);
  for (const segment of segments) {
    const own = new Float64Array(metric.width);
    metric.measure(segment, own);
    for (const [i, value] of own.entries()) sums[i]! += value;
  }
  return sums;
}
