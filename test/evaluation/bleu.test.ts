import { expect, test } from 'vitest';
import { Random } from '../../src/core/random.ts';
import { bleu, BleuCounts, sentenceBleu } from '../../src/evaluation/bleu.ts';
import type { Smoothing } from '../../src/evaluation/bleu.ts';
import { BLEU_LINES, fixed } from '../../src/evaluation/bleuline.ts';
import { TOKENIZERS } from '../../src/evaluation/tokenizers.ts';

const HYPOTHESES = [
  'the cat sat on the mat .',
  'a dog ran to the beach',
  'the the the the the the the',
  'they went home ',
  '',
];
const REFERENCES = [
  ['the cat is on the mat .', 'there is a cat sitting on the mat .'],
  ['the dog ran to the beach , happily', 'a dog ran'],
  ['the cat is on the mat', 'a mat for the cat that is there'],
  ['they all went home', 'we went back home .'],
  ['nothing here', 'x'],
];

function corpus(hypotheses: readonly string[], references: readonly (readonly string[])[], tokenizer: keyof typeof TOKENIZERS = 'whitespace'): BleuCounts {
  const counts = new BleuCounts();
  const tokens = TOKENIZERS[tokenizer];
  hypotheses.forEach((hypothesis, i) => counts.add(tokens(hypothesis), references[i]!.map(tokens)));
  return counts;
}

// Lines printed by Moses' multi-bleu.perl and VIST-seq2seq's nlp/multi-bleu.perl for these texts.
test('the lines of multi-bleu.perl and of VIST-seq2seq, two references', () => {
  const counts = corpus(HYPOTHESES, REFERENCES);
  expect(BLEU_LINES['multi-bleu'](bleu(counts))).toBe('BLEU = 39.84, 73.9/52.6/40.0/27.3 (BP=0.878, ratio=0.885, hyp_len=23, ref_len=26)');
  expect(BLEU_LINES['vist-seq2seq'](bleu(counts, { brevityPenalty: false }))).toBe('BLEU = 73.9/62.4/53.8/45.4 (BP=1.000, ratio=0.885, hyp_len=23, ref_len=26)');
});

test('the lines of multi-bleu.perl and of VIST-seq2seq, one reference', () => {
  const counts = corpus(HYPOTHESES, REFERENCES.map(([first]) => [first!]));
  expect(BLEU_LINES['multi-bleu'](bleu(counts))).toBe('BLEU = 34.96, 69.6/47.4/33.3/27.3 (BP=0.840, ratio=0.852, hyp_len=23, ref_len=27)');
  expect(BLEU_LINES['vist-seq2seq'](bleu(counts, { brevityPenalty: false }))).toBe('BLEU = 69.6/57.4/47.9/41.6 (BP=1.000, ratio=0.852, hyp_len=23, ref_len=27)');
});

test('half-way figures are rounded as C does, to the even digit', () => {
  const counts = corpus(['a b c d e f g h i j k l m n o p'], [['a x x x x x x x x x x x x x x x']]);
  expect(BLEU_LINES['multi-bleu'](bleu(counts))).toBe('BLEU = 0.00, 6.2/0.0/0.0/0.0 (BP=1.000, ratio=1.000, hyp_len=16, ref_len=16)');
  expect(BLEU_LINES['vist-seq2seq'](bleu(counts, { brevityPenalty: false }))).toBe('BLEU = 6.2/0.0/0.0/0.0 (BP=1.000, ratio=1.000, hyp_len=16, ref_len=16)');
  // What printf gives in C.
  expect([0.25, 0.75, 2.5, 6.25, 18.75, 33.3].map((value) => fixed(value, 1))).toEqual(['0.2', '0.8', '2.5', '6.2', '18.8', '33.3']);
  expect([0.125, 0.375, 0.005, 1.0005].map((value) => fixed(value, 2))).toEqual(['0.12', '0.38', '0.01', '1.00']);
  expect([0.0625, 0.1875].map((value) => fixed(value, 3))).toEqual(['0.062', '0.188']);
});

// Figures of sacreBLEU 2.6.0: BLEU(tokenize='none', smooth_method=..., max_ngram_order=1..4), BLEU().
test('smoothing has sacreBLEU\'s names and figures', () => {
  const counts = corpus(['they went home'], [REFERENCES[3]!]);
  const figures = (smoothing: Smoothing): number[] => {
    const { bleu1, bleu2, bleu3, bleu4 } = bleu(counts, { smoothing });
    return [bleu1, bleu2, bleu3, bleu4];
  };
  const expected: Record<Smoothing, number[]> = {
    none: [71.65313105737896, 50.66641486392108, 0, 0],
    floor: [71.65313105737896, 50.66641486392108, 26.39723917915918, 0],
    'add-k': [71.65313105737896, 58.5045365211162, 49.68150626115731, 54.444605966066995],
    exp: [71.65313105737896, 50.66641486392108, 45.13864405503391, 0],
  };
  for (const [name, values] of Object.entries(expected)) {
    figures(name as Smoothing).forEach((value, i) => expect(value, `${name} ${i + 1}`).toBeCloseTo(values[i]!, 10));
  }
});

test('sentence BLEU is sacreBLEU\'s sentence_bleu', () => {
  const scores = HYPOTHESES.map((hypothesis, i) => sentenceBleu(TOKENIZERS.whitespace(hypothesis), REFERENCES[i]!.map(TOKENIZERS.whitespace)));
  [48.892302243490086, 64.74591278836644, 7.809849842300637, 45.13864405503391, 0].forEach((value, i) => expect(scores[i]!.bleu4).toBeCloseTo(value, 10));
  expect(BLEU_LINES.sacrebleu(scores[2]!)).toBe('BLEU = 7.81 28.6/8.3/5.0/3.1 (BP = 1.000 ratio = 1.167 hyp_len = 7 ref_len = 6)');
  expect(BLEU_LINES.sacrebleu(scores[4]!)).toBe('BLEU = 0.00 0.0/0.0/0.0/0.0 (BP = 0.000 ratio = 0.000 hyp_len = 0 ref_len = 1)');
});

test('raw text, as sacreBLEU by default', () => {
  const hypotheses = ["The dog didn't go; it cost $3.50, at 10-12 o'clock.", 'She said &quot;hi&quot; & left...'];
  const references = [["The dog did not go: it cost $3.50 at 10-12 o'clock.", "A dog didn't go; it cost 3.50!"], ['She said "hi" and left.', 'He said "hi" & left ...']];
  const score = bleu(corpus(hypotheses, references, '13a'), { smoothing: 'exp' });
  expect(score.bleu4).toBeCloseTo(84.29105528307892, 10);
  expect(BLEU_LINES.sacrebleu(score)).toBe('BLEU = 84.29 96.2/91.7/81.8/70.0 (BP = 1.000 ratio = 1.000 hyp_len = 26 ref_len = 26)');
});

test('references without words and hypotheses without words give zero, not NaN', () => {
  const nothing = bleu(corpus([''], [['']]));
  expect(BLEU_LINES['multi-bleu'](nothing)).toBe('BLEU = 0, 0/0/0/0 (BP=0, ratio=0, hyp_len=0, ref_len=0)');
  expect(bleu(corpus([''], [['a b']]))).toMatchObject({ bleu1: 0, bleu4: 0, brevityPenalty: 0, ratio: 0 });
  expect(bleu(new BleuCounts()).bleu4).toBe(0);
  expect(() => new BleuCounts().add(['a'], [])).toThrow(RangeError);
});

test('a text equal to a reference scores 100; order of segments and merging change nothing; a reference more never lowers the matches', () => {
  const random = new Random('bleu properties');
  const text = (): string => Array.from({ length: 4 + random.int(12) }, () => random.pick(['a', 'b', 'c', 'd', '.'])).join(' ');
  const references = Array.from({ length: 30 }, () => [text(), text(), text()]);
  const hypotheses = references.map(() => text());
  expect(bleu(corpus(references.map(([, second]) => second!), references)).bleu4).toBeCloseTo(100, 10);
  const whole = corpus(hypotheses, references);
  const shuffled = random.shuffle(hypotheses.map((_, i) => i));
  expect(corpus(shuffled.map((i) => hypotheses[i]!), shuffled.map((i) => references[i]!))).toEqual(whole);
  expect(corpus(hypotheses.slice(0, 11), references).merge(corpus(hypotheses.slice(11), references.slice(11)))).toEqual(whole);
  const fewer = corpus(hypotheses, references.map((group) => group.slice(0, 2)));
  whole.matches.forEach((count, i) => expect(count).toBeGreaterThanOrEqual(fewer.matches[i]!));
});
