import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PackedReading, PackedTelling } from '../../src/data/sentencepacking.ts';
import { packReading, packTelling, readingSizes, standInReading, standInTelling, tellingSizes } from '../../src/data/sentencepacking.ts';
import { END_ID, START_ID } from '../../src/text/vocabulary.ts';

const word = fc.integer({ min: 3, max: 50 });
/** Read sentences have a word at least: END. */
const readable = fc.array(fc.array(word, { minLength: 1, maxLength: 9 }), { minLength: 1, maxLength: 12 });
/** A told sentence may have none. */
const tellable = fc.array(fc.array(word, { maxLength: 9 }), { minLength: 1, maxLength: 12 });

/** The sequences at each place of a ladder. */
function unpack(values: ArrayLike<number>, ladder: readonly number[]): number[][] {
  const sequences: number[][] = Array.from({ length: ladder[0]! }, () => []);
  let row = 0;
  for (const rows of ladder) for (let place = 0; place < rows; place++) sequences[place]!.push(values[row++]!);
  expect(row).toBe(values.length);
  return sequences;
}

function unpackReading({ tokens, backwards, ladder, last }: PackedReading): { forwards: number[][]; backwards: number[][] | undefined } {
  // The place of each sentence shows in the row of its last word: its row less the rows of the steps before.
  const before = ladder.map((_, t) => ladder.slice(0, t).reduce((sum, rows) => sum + rows, 0));
  const places = [...last.data as Int32Array].map((row) => row - before.findLast((first) => first <= row)!);
  expect([...places].sort((a, b) => a - b)).toEqual(places.map((_, i) => i));
  const inOrder = (values: ArrayLike<number>): number[][] => {
    const sequences = unpack(values, ladder);
    return places.map((place) => sequences[place]!);
  };
  return { forwards: inOrder(tokens.data as Int32Array), backwards: backwards && inOrder(backwards.data as Int32Array) };
}

function unpackTelling({ order, tokens, targets, ladder }: PackedTelling): { tokens: number[][]; targets: number[][] } {
  const sorted = { tokens: unpack(tokens.data as Int32Array, ladder), targets: unpack(targets.data as Int32Array, ladder) };
  const at = (sequences: number[][]): number[][] => sequences.map((_, sentence) => sequences[(order.data as Int32Array).indexOf(sentence)]!);
  return { tokens: at(sorted.tokens), targets: at(sorted.targets) };
}

test('sentences that are read come back, forwards and turned round', () => {
  fc.assert(fc.property(readable, (sentences) => {
    const { forwards, backwards } = unpackReading(packReading(sentences, true));
    expect(forwards).toEqual(sentences);
    expect(backwards).toEqual(sentences.map((ids) => ids.toReversed()));
    expect(packReading(sentences, false)).not.toHaveProperty('backwards');
  }), { seed: 1, numRuns: 60 });
});

test('the last row of a sentence holds its last word, read either way', () => {
  fc.assert(fc.property(readable, (sentences) => {
    const { tokens, backwards, last } = packReading(sentences, true);
    const at = (values: ArrayLike<number>): number[] => [...last.data as Int32Array].map((row) => values[row]!);
    expect(at(tokens.data as Int32Array)).toEqual(sentences.map((ids) => ids.at(-1)));
    expect(at(backwards!.data as Int32Array)).toEqual(sentences.map((ids) => ids[0]));
  }), { seed: 2, numRuns: 60 });
});

test('sentences that are told come back between START and END, every word counting one', () => {
  fc.assert(fc.property(tellable, (sentences) => {
    const packed = packTelling(sentences);
    const { tokens, targets } = unpackTelling(packed);
    expect(tokens).toEqual(sentences.map((ids) => [START_ID, ...ids]));
    expect(targets).toEqual(sentences.map((ids) => [...ids, END_ID]));
    expect([...packed.weights.data as Float32Array]).toEqual(Array.from({ length: sentences.flat().length + sentences.length }, () => 1));
    expect(packed.weights.shape).toEqual(packed.targets.shape);
  }), { seed: 3, numRuns: 60 });
});

test('steps never grow, and equal lengths keep their order', () => {
  fc.assert(fc.property(tellable, (sentences) => {
    const { ladder, order } = packTelling(sentences);
    expect(ladder).toEqual([...ladder].sort((a, b) => b - a));
    const lengths = [...order.data as Int32Array].map((sentence) => sentences[sentence]!.length);
    expect(lengths).toEqual(sentences.map(({ length }) => length).sort((a, b) => b - a));
    [...order.data as Int32Array].forEach((sentence, place, all) => {
      if (place > 0 && lengths[place - 1] === lengths[place]) expect(all[place - 1]!).toBeLessThan(sentence);
    });
  }), { seed: 4, numRuns: 60 });
});

test('typed arrays and lists are packed alike', () => {
  const sentences = [[5, 6], [7, 8, 9]];
  const typed = sentences.map((ids) => Int32Array.from(ids));
  expect(packReading(typed, true)).toEqual(packReading(sentences, true));
  expect(packTelling(typed)).toEqual(packTelling(sentences));
});

test('sizes: packed words, then the rows of every step, up to the most that come', () => {
  expect(readingSizes(packReading([[4], [5, 6, 7], [8, 9]], false), 5)).toEqual([6, 3, 2, 1, 0, 0]);
  expect(tellingSizes(packTelling([[4], [5, 6, 7], []]), 5)).toEqual([7, 3, 2, 1, 1, 0]);
});

test('a stand-in has the sizes that are drawn, and the parts of what it stands in for', () => {
  const draws = (): (() => number) => {
    let next = 60;
    return () => (next -= 10);
  };
  const reading = standInReading(packReading([[4], [5, 6]], true), 70, 4, draws());
  expect(reading.ladder).toEqual([70, 50, 40, 30]);
  expect([reading.tokens.shape, reading.backwards!.shape, reading.last.shape]).toEqual([[190], [190], [70]]);
  expect(readingSizes(reading, 4)).toEqual([190, 70, 50, 40, 30]);
  const telling = standInTelling(packTelling([[4], [5, 6]]), 70, 3, draws());
  expect([telling.tokens.shape, telling.targets.shape, telling.weights.shape, telling.order.shape]).toEqual([[160], [160], [160], [70]]);
});
