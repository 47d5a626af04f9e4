import { expect, test } from 'vitest';
import { Random } from '../../src/core/random.ts';
import { ciderMetric } from '../../src/evaluation/cider.ts';
import { DocumentFrequencies } from '../../src/evaluation/documentfrequencies.ts';
import type { MeasuredSegment } from '../../src/evaluation/metric.ts';
import { NgramTrie } from '../../src/evaluation/ngramtrie.ts';
import { RepeatedNgrams } from '../../src/evaluation/repeatedngrams.ts';
import { measured } from './segments.ts';

/** Segments of texts with frequent and rare words; some without a word, a reference of one, or the same text twice. */
function corpus(seed: number, segments: number, words: number): MeasuredSegment[] {
  const random = new Random(seed);
  const text = (): string => Array.from({ length: random.int(25) }, () => `w${Math.floor(words * random.uniform() ** 3)}`).join(' ');
  return Array.from({ length: segments }, () => {
    const references = Array.from({ length: 1 + random.int(4) }, text);
    if (random.int(5) === 0) references.push(references[0]!);
    return measured(random.int(3) === 0 ? references[0]! : text(), ...references);
  });
}

function counted(segments: readonly MeasuredSegment[]): { every: DocumentFrequencies; repeated: RepeatedNgrams } {
  const references = segments.map(({ tokens }) => tokens.references);
  const every = new DocumentFrequencies({ tokenizer: 'whitespace' });
  for (const texts of references) every.add(texts);
  return { every, repeated: new RepeatedNgrams(references, { tokenizer: 'whitespace' }) };
}

test.each([[1, 1, 5], [2, 2, 5], [3, 30, 10], [4, 200, 400], [5, 400, 50]])('counts of what several segments hold, corpus %i', (seed, size, words) => {
  const segments = corpus(seed, size, words);
  const { every, repeated } = counted(segments);
  expect(repeated.segments).toBe(size);
  expect(repeated.tokenizer).toBe('whitespace');
  const trie = new NgramTrie();
  for (const { tokens } of [...segments, measured('never seen', 'w0 never w1')]) for (const text of [tokens.hypothesis, ...tokens.references]) trie.add(text);
  const floor = (counts: Int32Array): number[] => [...counts].map((count) => (count > 1 ? count : 0));
  expect(floor(repeated.countsOf(trie))).toEqual(floor(every.countsOf(trie)));
});

test.each(['CIDEr', 'CIDEr-D'] as const)('%s is the same to the last digit', (variant) => {
  const segments = corpus(6, 150, 60);
  const { every, repeated } = counted(segments);
  const statistics = (metric = ciderMetric(every, { variant })): number[] => segments.map((segment) => {
    const own = new Float64Array(metric.width);
    metric.measure(segment, own);
    return own[0]!;
  });
  expect(statistics(ciderMetric(repeated, { variant }))).toEqual(statistics());
  expect(Math.max(...statistics())).toBeGreaterThan(1);
});

test('no segment, and segments without a word', () => {
  const none = new RepeatedNgrams([], { tokenizer: null });
  expect(none.segments).toBe(0);
  expect(() => ciderMetric(none, { variant: 'CIDEr' })).toThrow('no segment');
  const trie = new NgramTrie();
  trie.add(['a', 'b']);
  expect([...new RepeatedNgrams([[[]], [], [['a']], [['a'], ['a', 'b']]], { tokenizer: null }).countsOf(trie)]).toEqual([0, 2, 0, 1]);
});

test('texts longer than the first room for them', () => {
  const words = Array.from({ length: 70_000 }, (_, i) => `w${i % 1000}`);
  const repeated = new RepeatedNgrams([[words], [words.slice(0, 3)], [['w1', 'w2', 'w3', 'w4']]], { tokenizer: null });
  const trie = new NgramTrie();
  const nodes = trie.add(['w0', 'w1', 'w2', 'w3', 'w4']);
  const counts = repeated.countsOf(trie);
  const byText = Object.fromEntries([...nodes].map((node) => [trie.textOf(node), counts[node]]));
  expect(byText).toMatchObject({ w0: 2, w1: 3, 'w0 w1': 2, 'w1 w2': 3, 'w1 w2 w3': 2, 'w1 w2 w3 w4': 2 });
  expect(byText['w0 w1 w2']).toBe(2);
});
