import { meanMetric } from './meanmetric.ts';
import type { Metric } from './metric.ts';

/** Weight of recall over precision in coco-caption, where Lin (2004) has no fixed one. */
const BETA = 1.2;

/** To coco-caption a text without words is one empty word (`''.split(' ')`), so that two empty texts agree. */
const EMPTY: readonly string[] = [''];

/** Mean ROUGE-L over segments, as coco-caption reports it. */
export const ROUGE_L: Metric = meanMetric('ROUGE-L', ({ tokens }) => rougeL(tokens.hypothesis, tokens.references));

/**
 * ROUGE-L (Lin 2004) as in coco-caption's `rouge.py`: the F measure, beta 1.2, of the largest precision and the largest
 * recall over references, which may come from different ones. An empty hypothesis gives 0, but 1 where a reference is
 * empty too.
 * @returns 0 to 1
 * @throws RangeError when there is no reference
 */
export function rougeL(hypothesis: readonly string[], references: readonly (readonly string[])[]): number {
  if (references.length === 0) throw new RangeError('ROUGE-L: a segment without a reference');
  const numbers = new Map<string, number>();
  const own = numbered(hypothesis, numbers);
  let precision = 0;
  let recall = 0;
  for (const reference of references) {
    const other = numbered(reference, numbers);
    const common = commonSubsequence(own, other);
    precision = Math.max(precision, common / own.length);
    recall = Math.max(recall, common / other.length);
  }
  if (precision === 0 || recall === 0) return 0;
  return ((1 + BETA ** 2) * precision * recall) / (recall + BETA ** 2 * precision);
}

/** Words as numbers, which compare faster in the innermost loop. */
function numbered(words: readonly string[], numbers: Map<string, number>): Int32Array {
  const given = words.length === 0 ? EMPTY : words;
  const own = new Int32Array(given.length);
  for (let i = 0; i < given.length; i++) {
    const known = numbers.get(given[i]!);
    own[i] = known ?? numbers.size;
    if (known === undefined) numbers.set(given[i]!, numbers.size);
  }
  return own;
}

/** Length of the longest common subsequence; one row of the table is kept. */
function commonSubsequence(a: Int32Array, b: Int32Array): number {
  const row = new Int32Array(b.length + 1);
  for (let i = 0; i < a.length; i++) {
    const word = a[i]!;
    let diagonal = 0;
    let left = 0;
    for (let j = 1; j <= b.length; j++) {
      const above = row[j]!;
      if (b[j - 1] === word) left = diagonal + 1;
      else if (above > left) left = above;
      row[j] = left;
      diagonal = above;
    }
  }
  return row[b.length]!;
}
