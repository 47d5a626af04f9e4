import { describe, expect, test } from 'vitest';
import type { GenreText } from '../../src/evaluation/genre.ts';
import { trainGenreClassifier } from '../../src/evaluation/genre.ts';
import { properNames } from '../../src/evaluation/propernames.ts';

const TEXTS: readonly GenreText[] = [
  { genre: 'romance', source: 'emma', text: 'emma danced at the ball' },
  { genre: 'romance', source: 'jane', text: 'the ball was lovely' },
  { genre: 'romance', source: 'jane', text: 'jane loved him' },
  { genre: 'scifi', source: 'mars', text: 'the martian ship fell' },
  { genre: 'scifi', source: 'moon', text: ['the', 'ship', 'left', 'cavor'] },
];

describe('naive Bayes', () => {
  test('log-odds are the definition\'s', () => {
    const classifier = trainGenreClassifier(TEXTS);
    // Romance has 12 words, scifi 8; 15 different ones in all.
    const { genre, scores } = classifier.classify('the ship unheardof');
    expect(classifier.words).toHaveLength(15);
    const romance = Math.log((2 + 1) / 27) + Math.log((0 + 1) / 27);
    const scifi = Math.log((2 + 1) / 23) + Math.log((2 + 1) / 23);
    expect(genre).toBe('scifi');
    expect(scores['scifi']).toBeCloseTo(scifi - romance, 12);
    expect(scores['romance']).toBeCloseTo(romance - scifi, 12);
  });

  test('genres are equally likely, unless their share of the texts is to count', () => {
    expect(trainGenreClassifier(TEXTS).classify('').scores).toEqual({ romance: 0, scifi: 0 });
    expect(trainGenreClassifier(TEXTS, { balanced: false }).classify('').scores['romance']).toBeCloseTo(Math.log(3 / 2), 12);
  });

  test('a word counts as often as it comes; text and tokens are the same', () => {
    const classifier = trainGenreClassifier(TEXTS);
    const [once, twice] = [classifier.classify('ball').scores['romance']!, classifier.classify(['ball', 'ball']).scores['romance']!];
    expect(twice).toBeCloseTo(2 * once, 12);
    expect(classifier.classify('ball ball')).toEqual(classifier.classify(['ball', 'ball']));
  });

  test('bigrams count beside words', () => {
    const classifier = trainGenreClassifier(TEXTS, { bigrams: true });
    expect(classifier.words).toContain('the ball');
    expect(classifier.words).toContain('martian ship');
    expect(classifier.words).not.toContain('lovely jane');
  });

  test('alpha smooths', () => {
    const odds = (alpha: number): number => trainGenreClassifier(TEXTS, { alpha }).classify('ship').scores['scifi']!;
    expect(odds(0.01)).toBeGreaterThan(odds(1));
    expect(() => trainGenreClassifier(TEXTS, { alpha: 0 })).toThrow(/alpha 0/);
  });
});

describe('names cannot decide', () => {
  test('words of one novel only are dropped', () => {
    const { words } = trainGenreClassifier(TEXTS, { minSources: 2 });
    expect(words).toEqual(['the', 'ball', 'ship']);
    expect(trainGenreClassifier(TEXTS, { minSources: 2 }).classify('jane emma cavor').scores).toEqual({ romance: 0, scifi: 0 });
  });

  test('rare words are dropped', () => {
    expect(trainGenreClassifier(TEXTS, { minDocuments: 2 }).words).toEqual(['the', 'ball', 'ship']);
    expect(trainGenreClassifier(TEXTS, { minDocuments: 3 }).words).toEqual(['the']);
    expect(() => trainGenreClassifier(TEXTS, { minDocuments: 6 })).toThrow(/none of 15 words is in 6 texts/);
  });

  test('a list is left out, and bigrams with one of its words too', () => {
    const { words } = trainGenreClassifier(TEXTS, { leaveOut: ['emma', 'jane', 'cavor'], bigrams: true });
    expect(words.filter((word) => /emma|jane|cavor/.test(word))).toEqual([]);
    expect(words).toContain('loved him');
  });

  test('sources must be named, and be as many', () => {
    expect(() => trainGenreClassifier([...TEXTS, { genre: 'scifi', text: 'x' }], { minSources: 2 })).toThrow(/text 6 names no source/);
    expect(() => trainGenreClassifier(TEXTS, { minSources: 5 })).toThrow(/the texts have 4/);
  });

  test('the list can be found: words with a capital inside sentences', () => {
    const text = '“But you, Mr. Darcy,” said Elizabeth. The ball was at Netherfield.\n\nCHAPTER TWO\n\nDarcy saw Elizabeth\r\nBennet at Netherfield; Elizabeth and I saw Darcy. In May we may go to Darcy. Elizabeth danced.';
    expect([...properNames([text])].sort()).toEqual(['darcy', 'elizabeth', 'netherfield']);
    expect([...properNames([text], { minimum: 1 })]).toEqual(expect.arrayContaining(['bennet', 'mr']));
    expect(properNames([text], { minimum: 1 }).has('the')).toBe(false);
    expect(properNames([text], { minimum: 1, share: 0.5 }).has('may')).toBe(true);
    expect(properNames([text], { minimum: 1 }).has('chapter')).toBe(false);
  });
});

describe('logistic regression', () => {
  test('tells the same genres, with two or more of them', () => {
    const classifier = trainGenreClassifier(TEXTS, { model: 'logistic', strength: 10 });
    expect(classifier.classify('the ship').genre).toBe('scifi');
    expect(classifier.classify('a lovely ball').genre).toBe('romance');
    const three = trainGenreClassifier([...TEXTS, { genre: 'crime', text: 'a corpse in the library' }], { model: 'logistic', strength: 10 });
    expect(three.classify('a corpse in the library').genre).toBe('crime');
    const { scores } = three.classify('the ship');
    // Log-odds of all genres come from probabilities that sum to 1.
    expect(Object.values(scores).reduce((sum, odds) => sum + 1 / (1 + Math.exp(-odds)), 0)).toBeCloseTo(1, 10);
  });

  test('balanced genres weigh the same, whatever their number of texts', () => {
    const many = [...Array.from({ length: 9 }, () => TEXTS[1]!), TEXTS[3]!];
    const odds = (balanced: boolean): number => trainGenreClassifier(many, { model: 'logistic', balanced }).classify('unheardof').scores['romance']!;
    expect(odds(false)).toBeGreaterThan(odds(true) + 0.5);
  });
});

test('accuracy has its interval, its confusion and what a constant answer reaches', () => {
  const classifier = trainGenreClassifier(TEXTS);
  const result = classifier.accuracy([...TEXTS, { genre: 'scifi', text: 'a lovely ball' }]);
  expect(result).toMatchObject({ correct: 5, total: 6, confusion: [[3, 0], [1, 2]], majority: 0.5 });
  expect(result.low).toBeCloseTo(0.4365, 3);
  expect(result.high).toBeCloseTo(0.9699, 3);
  expect(() => classifier.accuracy([{ genre: 'crime', text: 'x' }])).toThrow(/knows romance, scifi/);
  expect(() => classifier.accuracy([])).toThrow(/no texts/);
});

test('the words that tell a genre can be listed', () => {
  const classifier = trainGenreClassifier(TEXTS);
  expect(classifier.telling('scifi', 1)[0]!.word).toBe('ship');
  expect(classifier.telling('romance', 1)[0]!.word).toBe('ball');
  expect(() => classifier.telling('crime', 1)).toThrow(/knows romance, scifi/);
});

test('one genre is no task', () => {
  expect(() => trainGenreClassifier(TEXTS.slice(0, 3))).toThrow(/3 texts of one genre, romance/);
  expect(() => trainGenreClassifier([])).toThrow(/0 texts of no genre/);
});
