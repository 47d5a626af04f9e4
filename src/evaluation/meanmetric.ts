import type { MeasuredSegment, Metric } from './metric.ts';

/**
 * A metric of one column that is the mean over segments.
 * @param score of a segment, as its tool gives it: 1 is 100 points
 */
export function meanMetric(column: string, score: (segment: MeasuredSegment) => number): Metric {
  const mean = ([sum, segments]: Float64Array): number[] => [segments === 0 ? 0 : (100 * sum!) / segments!];
  return {
    columns: [column],
    width: 2,
    measure(segment, into) {
      into[0] = score(segment);
      into[1] = 1;
    },
    score: mean,
    segmentScore: mean,
  };
}
