import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import { Random } from '../../src/core/random.ts';
import type { SentenceEncoder } from '../../src/style/encoders/sentenceencoder.ts';
import { evaluateClassification, evaluateGroups, evaluatePairs, evaluateRelatedness } from '../../src/style/evaluate.ts';
import { readLabelledPairs, readLabelledSentences, readRelatedness } from '../../src/style/evaluationfiles.ts';

const folder = await mkdtemp(join(tmpdir(), 'fabula-style-evaluate-'));
async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

const WORDS = ['dog', 'cat', 'runs', 'sleeps', 'beach', 'red', 'blue', 'who', 'where', 'is'];

/** Counts of ten words. */
class Counter implements SentenceEncoder {
  readonly name = 'counter';
  readonly fingerprint = 'counter';
  readonly size = WORDS.length;
  readonly seen: string[] = [];

  encode(sentences: readonly string[], onProgress?: (done: number) => void): Promise<Float32Array> {
    this.seen.push(...sentences);
    onProgress?.(sentences.length);
    return Promise.resolve(Float32Array.from(sentences.flatMap((sentence) => WORDS.map((word) => sentence.split(' ').filter((other) => other === word).length))));
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }
}

const random = new Random('evaluation files');
const sentence = (): string => Array.from({ length: 3 }, () => random.pick(WORDS.slice(0, 7))).join(' ');

/** A pair and its score: 1 and as many as words are shared. */
function ratedPair(): [string, string, number] {
  const [a, b] = [sentence(), random.int(2) === 0 ? sentence() : ''];
  const other = b === '' ? a : b;
  return [a, other, 1 + new Set(a.split(' ').filter((word) => other.split(' ').includes(word))).size];
}

const PAIRS = Array.from({ length: 120 }, ratedPair);
const sickHeader = 'pair_ID\tsentence_A\tsentence_B\trelatedness_score\tentailment_judgment';
const sickLines = PAIRS.map(([a, b, score], i) => `${i + 1}\t${a}\t${b}\t${score}\tNEUTRAL`);

describe('relatedness', () => {
  test('SICK with its column of parts', async () => {
    const parts = ['TRAIN', 'TRAIN', 'TRIAL', 'TEST'];
    const path = await file('SICK.txt', `${sickHeader}\tSemEval_set\n${sickLines.map((line, i) => `${line}\t${parts[i % 4]}`).join('\r\n')}\n`);
    const encoder = new Counter();
    const report = await evaluateRelatedness(encoder, { train: path });
    expect(report).toMatchObject({ split: 'column', trainingPairs: 60, range: [1, 4], development: { pairs: 30 }, test: { pairs: 30 } });
    expect(report.test.pearson).toBeGreaterThan(0.8);
    expect(encoder.seen).toHaveLength(new Set(PAIRS.flatMap(([a, b]) => [a, b])).size);
  });

  test('SICK with a file for each part, or without a development file', async () => {
    const [train, development, tested] = [await file('train.txt', [sickHeader, ...sickLines.slice(0, 60)].join('\n')), await file('trial.txt', [sickHeader, ...sickLines.slice(60, 80)].join('\n')), await file('annotated.txt', [sickHeader, ...sickLines.slice(80)].join('\n'))];
    const whole = await readRelatedness({ train, development, test: tested });
    expect([whole.train.length, whole.development.length, whole.test.length, whole.split]).toEqual([60, 20, 40, 'files']);
    expect(whole.test[0]).toEqual({ sentences: [PAIRS[80]![0], PAIRS[80]![1]], score: PAIRS[80]![2] });
    const drawn = await readRelatedness({ train, test: tested });
    expect([drawn.train.length, drawn.development.length, drawn.split]).toEqual([54, 6, 'development drawn']);
    await expect(readRelatedness({ train, development })).rejects.toThrow(/no test file; name both, or neither/);
  });

  test('score, sentence1, sentence2 with tabs, no names, or as CSV; parts are drawn by the seed', async () => {
    const bare = await file('sts.tsv', PAIRS.map(([a, b, score]) => `${score}\t${a}\t${b}`).join('\n'));
    const csv = await file('sts.csv', `score,sentence1,sentence2\n${PAIRS.map(([a, b, score]) => `${score},"${a}","${b}"`).join('\n')}\n`);
    const read = await readRelatedness({ train: bare });
    expect(read).toEqual(await readRelatedness({ train: csv }));
    expect([read.train.length, read.development.length, read.test.length, read.split]).toEqual([54, 6, 60, 'drawn']);
    expect((await readRelatedness({ train: bare }, 7)).train).not.toEqual(read.train);
  });

  test.each([
    ['another table', 'a\tb\nx\ty\n', /line 1: expected the columns sentence_A/],
    ['a score that is none', `${sickHeader}\n1\ta\tb\tmuch\tNEUTRAL\n`, /line 2: the score "much" is not a number/],
    ['a short line', `${sickHeader}\n1\ta\tb\t3\tNEUTRAL\n2\ta\n`, /line 3: no score in column 4; the line has 2/],
    ['an unknown part', `${sickHeader}\tSemEval_set\n1\ta\tb\t3\tNEUTRAL\tHELD\n`, /line 2: part "HELD"; expected TRAIN/],
    ['nothing', '\n', /the file is empty/],
  ])('%s is refused in one line', async (_, content, says) => {
    const path = await file('bad.tsv', content);
    await expect(readRelatedness({ train: path })).rejects.toThrow(says);
    await expect(readRelatedness({ train: path })).rejects.toThrow(UserError);
  });

  test('a file that is not there is named', async () => {
    await expect(readRelatedness({ train: join(folder, 'none.tsv') })).rejects.toThrow(/none\.tsv: cannot read rated pairs: no such file/);
  });
});

describe('classification', () => {
  const questions = Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? `HUM:ind who is ${random.pick(WORDS)} ?` : `LOC:other where is ${random.pick(WORDS)} ?`));

  test('TREC: coarse and fine classes, with a test set', async () => {
    const [train, tested] = [await file('train_5500.label', `${questions.slice(0, 40).join('\n')}\n`), await file('TREC_10.label', questions.slice(40).join('\n'))];
    const read = await readLabelledSentences([train], true);
    expect(read.labels.slice(0, 2)).toEqual(['HUM:ind', 'LOC:other']);
    expect(read.items[0]).toMatch(/^who is \w+ \?$/);
    const report = await evaluateClassification(new Counter(), { train: [train], test: [tested] }, { folds: 4, strengths: [1, 16] });
    expect(report).toMatchObject({ protocol: 'test set', total: 20, accuracy: 1, labels: ['HUM', 'LOC'] });
    const other = await file('other.label', 'NUM:count how many ?\n');
    await expect(evaluateClassification(new Counter(), { train: [train], test: [other] })).rejects.toThrow(/the label "NUM", which the training set has not/);
  });

  test('a file a class, in Latin-1 too', async () => {
    const positive = await file('rt.pos', Buffer.from(Array.from({ length: 20 }, () => 'a clich\u00e9 dog runs').join('\n'), 'latin1'));
    const negative = await file('rt.neg', Array.from({ length: 20 }, () => 'a cat sleeps').join('\n'));
    const read = await readLabelledSentences([positive, negative]);
    expect(read.items[0]).toBe('a clich\u00e9 dog runs');
    expect(read.labels).toEqual([...Array<string>(20).fill('rt.pos'), ...Array<string>(20).fill('rt.neg')]);
    const steps = new Set<string>();
    const report = await evaluateClassification(new Counter(), { train: [positive, negative] }, { folds: 5, strengths: [1, 2], nb: true, onStep: (step) => steps.add(step) });
    expect(report).toMatchObject({ protocol: 'cross-validation', accuracy: 1, total: 40, majority: 0.5 });
    expect([...steps]).toEqual(['encode', 'train']);
    await expect(readLabelledSentences([positive, positive])).rejects.toThrow(/rt\.pos: two files of this name/);
  });

  test('CSV with label and text, or a tab between them', async () => {
    const csv = await file('data.csv', 'text,label\n"dog, runs",x\ncat,y\n');
    expect(await readLabelledSentences([csv])).toEqual({ items: ['dog, runs', 'cat'], labels: ['x', 'y'] });
    const tabs = await file('data.tsv', 'x\tdog runs\n\ny\tcat\n');
    expect(await readLabelledSentences([tabs])).toEqual({ items: ['dog runs', 'cat'], labels: ['x', 'y'] });
  });

  test.each([
    ['bad.csv', 'text,label\ndog,\n', /row 1: its label is empty/],
    ['names.csv', 'sentence,class\ndog,x\n', /line 1: no column label, text/],
    ['empty.csv', 'text,label\n', /no rows/],
    ['plain.txt', 'x\tdog\nno label here\n', /line 2: expected LABEL:fine and a question/],
  ])('%s is refused in one line', async (name, content, says) => {
    await expect(readLabelledSentences([await file(name, content)])).rejects.toThrow(says);
  });
});

describe('pairs', () => {
  const header = 'Quality\t#1 ID\t#2 ID\t#1 String\t#2 String';
  const lines = PAIRS.map(([a, b, score], i) => `${score > 2 ? 1 : 0}\t${i}\t${i + 900}\t${a}\t"${b}`);

  test('MSRP: quotation marks mean nothing, a byte-order mark is skipped', async () => {
    const path = await file('msr_train.txt', `\ufeff${header}\r\n${lines.join('\r\n')}\r\n`);
    const read = await readLabelledPairs(path);
    expect(read.items[0]).toEqual([PAIRS[0]![0], `"${PAIRS[0]![1]}`]);
    expect(new Set(read.labels)).toEqual(new Set(['0', '1']));
  });

  test('accuracy and F1 of paraphrases, by cross-validation and on a test set', async () => {
    const clean = lines.map((line) => line.replace('"', ''));
    const [train, tested] = [await file('a.txt', [header, ...clean.slice(0, 80)].join('\n')), await file('b.txt', [header, ...clean.slice(80)].join('\n'))];
    const options = { folds: 4, strengths: [1, 16] };
    const report = await evaluatePairs(new Counter(), { train, test: tested }, options);
    expect(report).toMatchObject({ protocol: 'test set', total: 40, positive: '1' });
    expect(report.accuracy).toBeGreaterThan(0.8);
    expect(report.scores.f1).toBeGreaterThan(0.8);
    const overlap = await evaluatePairs(new Counter(), { train }, { ...options, overlap: true });
    expect(overlap).toMatchObject({ protocol: 'cross-validation', total: 80 });
    expect(overlap).not.toEqual(await evaluatePairs(new Counter(), { train }, options));
  });

  test('another table is refused in one line', async () => {
    await expect(readLabelledPairs(await file('c.txt', 'a\tb\n'))).rejects.toThrow(/line 1: expected the columns of MSRP/);
    await expect(readLabelledPairs(await file('d.txt', `${header}\n1\t2\t3\tonly one\n`))).rejects.toThrow(/line 2: no second sentence in column 5/);
  });
});

describe('captions of one photo', () => {
  const photos = Array.from({ length: 12 }, (_, i) => ({ id: i, captions: [`the ${WORDS[i % 7]} ${WORDS[(i + 1) % 7]}`, `a ${WORDS[i % 7]} there`] }));

  test('are nearer than others; captions without a known word are left out', async () => {
    const path = await file('captions.json', JSON.stringify([...photos, { id: 99, captions: ['nothing known', 'nor here'] }]));
    const report = await evaluateGroups(new Counter(), path);
    expect(report).toMatchObject({ captions: 24, leftOut: 2, groups: 12, exact: true, same: 12 });
    expect(report.auc).toBeGreaterThan(0.8);
    const fewer = await evaluateGroups(new Counter(), path, { photos: 5, seed: 3 });
    expect(fewer.groups).toBeLessThanOrEqual(5);
    expect(await evaluateGroups(new Counter(), path, { photos: 5, seed: 3 })).toEqual(fewer);
  });
});

test('an encoder that gives no numbers is named with the sentence', async () => {
  const broken = Object.assign(new Counter(), { encode: (sentences: readonly string[]) => Promise.resolve(new Float32Array(10 * sentences.length).fill(Number.NaN)) });
  const path = await file('nan.csv', 'label,text\nx,dog\ny,cat\n');
  await expect(evaluateClassification(broken, { train: [path] })).rejects.toThrow(/counter: its vector of "dog" holds NaN/);
});
