import type { Bleu } from './bleu.ts';

function multiBleu(score: Bleu): string {
  if (score.referenceWords === 0) return 'BLEU = 0, 0/0/0/0 (BP=0, ratio=0, hyp_len=0, ref_len=0)';
  return `BLEU = ${fixed(score.bleu4, 2)}, ${joined(score.precisions)} ${perlTail(score)}`;
}

/** The four figures are cumulative BLEU here, not precisions. */
function vistSeq2seq(score: Bleu): string {
  if (score.referenceWords === 0) return 'BLEU = 0, 0/0/0/0 (BP=0, ratio=0, hyp_len=0, ref_len=0)';
  return `BLEU = ${joined([score.bleu1, score.bleu2, score.bleu3, score.bleu4])} ${perlTail(score)}`;
}

function sacreBleu(score: Bleu): string {
  // 100 * m / t as it is written there: 100 * (m / t) can fall on the other side of a digit.
  const precisions = score.matches.map((matched, i) => (matched === 0 ? 0 : (100 * matched) / score.totals[i]!));
  const tail = `(BP = ${fixed(score.brevityPenalty, 3)} ratio = ${fixed(score.ratio, 3)} hyp_len = ${score.hypothesisWords} ref_len = ${score.referenceWords})`;
  return `BLEU = ${fixed(score.bleu4, 2)} ${joined(precisions)} ${tail}`;
}

/** The line that a tool prints, to the character: multi-bleu.perl, VIST-seq2seq's edit of it, sacreBLEU (width 2). */
export const BLEU_LINES = {
  'multi-bleu': multiBleu,
  'vist-seq2seq': vistSeq2seq,
  sacrebleu: sacreBleu,
} as const satisfies Record<string, (score: Bleu) => string>;

export type BleuLineName = keyof typeof BLEU_LINES;

function joined(values: readonly number[]): string {
  return values.map((value) => fixed(value, 1)).join('/');
}

function perlTail(score: Bleu): string {
  return `(BP=${fixed(score.brevityPenalty, 3)}, ratio=${fixed(score.ratio, 3)}, hyp_len=${score.hypothesisWords}, ref_len=${score.referenceWords})`;
}

/**
 * `%.1f` as C, Perl and Python round it: a value exactly half way, such as 6.25, goes to the even digit (6.2), where
 * JavaScript's `toFixed` goes up (6.3).
 * @param value from 0 to 1e9
 */
export function fixed(value: number, digits: number): string {
  // x.5 at this digit is a binary fraction if, and only if, x times 2^(digits + 1) is odd.
  const halfWay = (value * 2 ** (digits + 1)) % 2 === 1;
  if (!halfWay) return value.toFixed(digits);
  const below = Math.floor(value * 10 ** digits);
  return ((below % 2 === 0 ? below : below + 1) / 10 ** digits).toFixed(digits);
}
