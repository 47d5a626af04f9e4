import { describe, expect, test } from 'vitest';
import { lengthHistogram, unusualWords, writerStatistics } from '../../src/report/wordstatistics.ts';

test('the most frequent words, marks left out, equals in the order of the alphabet', () => {
  const { frequent, diversity } = writerStatistics('a', [['the dog saw the cat .', 'b a .'], ['the dog .']], 4);
  expect(frequent).toEqual([
    { word: 'the', count: 3, perThousand: 3000 / 12 }, { word: 'dog', count: 2, perThousand: 2000 / 12 },
    { word: 'a', count: 1, perThousand: 1000 / 12 }, { word: 'b', count: 1, perThousand: 1000 / 12 },
  ]);
  expect(diversity.wordsPerStory).toBe(6);
});

describe('words out of proportion', () => {
  const repeat = (word: string, count: number): string => Array.from({ length: count }, () => word).join(' ');

  test('are those with the greatest log-likelihood ratio', () => {
    const model = [[`${repeat('great', 60)} ${repeat('day', 40)}`]];
    const human = [[`${repeat('great', 20)} ${repeat('day', 40)} ${repeat('castle', 40)}`]];
    const { more, less } = unusualWords(model, human);
    expect(more.map(({ word }) => word)).toEqual(['great']);
    expect(less.map(({ word }) => word)).toEqual(['castle']);
    // 2 * (60 ln 1.5 + 20 ln 0.5 + 40 ln(40/60) + 80 ln(80/60)), by hand.
    expect(more[0]).toMatchObject({ model: 600, human: 200 });
    expect(more[0]!.evidence).toBeCloseTo(2 * (60 * Math.log(1.5) + 20 * Math.log(0.5) + 40 * Math.log(40 / 60) + 80 * Math.log(80 / 60)), 9);
    expect(less[0]!.evidence).toBeCloseTo(2 * (40 * Math.log(2) + 100 * Math.log(100 / 80) + 60 * Math.log(60 / 80)), 9);
  });

  test('are none where both are alike, or one is silent', () => {
    expect(unusualWords([['a b c']], [['a b c']])).toEqual({ more: [], less: [] });
    expect(unusualWords([['a b']], [])).toEqual({ more: [], less: [] });
  });
});

describe('lengths', () => {
  test('fall into bins that all writers share', () => {
    const story = (words: number): string[] => [Array.from({ length: words }, () => 'w').join(' ')];
    const { width, starts, shares } = lengthHistogram([[story(3), story(4), story(4)], [story(6)]]);
    expect([width, starts]).toEqual([1, [3, 4, 5, 6]]);
    expect(shares[0]!.map(Math.round)).toEqual([33, 67, 0, 0]);
    expect(shares[1]).toEqual([0, 0, 0, 100]);
    const wide = lengthHistogram([[story(40), story(140)]]);
    expect(wide.width).toBe(5);
    expect(wide.starts.at(0)).toBe(40);
    expect(wide.starts.at(-1)).toBe(140);
    for (const own of wide.shares) expect(own.reduce((sum, share) => sum + share, 0)).toBeCloseTo(100, 9);
  });

  test('of nobody, and of empty stories', () => {
    expect(lengthHistogram([])).toEqual({ width: 1, starts: [], shares: [] });
    expect(lengthHistogram([[[]], []])).toEqual({ width: 1, starts: [0], shares: [[100], [0]] });
  });
});
