import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildStories, readStories, selectStories, writeStories } from '../../src/data/stories.ts';
import type { Story } from '../../src/data/vist.ts';
import { writeHdf5 } from '../../src/io/hdf5.ts';
import { SPECIALS, Vocabulary } from '../../src/text/vocabulary.ts';

const folder = await mkdtemp(join(tmpdir(), 'fabula-stories-'));
const vocabulary = new Vocabulary([...SPECIALS, 'the', 'dog', 'ran', '.']);

function story(id: string, orders: readonly number[], texts: readonly string[] = []): Story {
  return { id, albumId: null, sentences: orders.map((order, i) => ({ order, photoId: `${id}-${order}`, text: texts[i] ?? 'the dog ran .', originalText: '' })) };
}

test('a sentence is START, at most 20 words, END, NULL; unknown words are <UNK>', () => {
  const long = Array.from({ length: 25 }, () => 'dog').join(' ');
  const { set, report } = buildStories([story('s', [0, 1, 2, 3, 4], ['the cat ran .', long, '', 'The  dog', 'ran'])], { vocabulary });
  const sentence = (i: number): number[] => [...set.sentences.subarray(i * 22, (i + 1) * 22)];
  expect([set.length, set.photos, set.steps, set.sentences.length]).toEqual([1, 5, 22, 110]);
  expect(sentence(0)).toEqual([1, 4, 3, 6, 7, 2, ...new Array<number>(16).fill(0)]);
  expect(sentence(1)).toEqual([1, ...new Array<number>(20).fill(5), 2]);
  expect(sentence(2).slice(0, 3)).toEqual([1, 2, 0]);
  expect(sentence(3).slice(0, 4)).toEqual([1, 3, 5, 2]);
  expect(set.texts[0]![1]).toBe(long);
  expect([report.cut, report.empty]).toEqual([1, 1]);
});

test('photo ids and descriptions follow the writer\'s order with the sentences', () => {
  const { set } = buildStories([story('s', [0, 1, 2, 3, 4], ['the', 'dog', 'ran', '.', 'the'])], {
    vocabulary,
    captions: [0, 1, 2, 3, 4].flatMap((i) => [{ photoId: `s-${i}`, text: `caption ${i}` }, { photoId: `s-${i}`, text: 'a second one' }]),
  });
  expect(set.imageIds[0]).toEqual(['s-0', 's-1', 's-2', 's-3', 's-4']);
  expect(set.descriptions![0]).toEqual(['caption 0', 'caption 1', 'caption 2', 'caption 3', 'caption 4']);
});

test('stories that cannot be used are dropped, counted by reason and named', () => {
  const stories = [
    story('short', [0, 1, 2]), story('twice', [0, 1, 1, 2, 3]), story('gap', [0, 1, 2, 3, 5]), story('unseen', [0, 1, 2, 3, 4]),
    story('untold', [0, 1, 2, 3, 4]), story('fine', [1, 2, 3, 4, 5]),
  ];
  const captions = stories.flatMap((s) => s.sentences).filter((s) => s.photoId !== 'untold-3').map(({ photoId }) => ({ photoId, text: 'x' }));
  const { set, report } = buildStories(stories, {
    vocabulary, captions, requireDescriptions: true, features: { has: (id) => id !== 'unseen-2' },
  });
  expect(set.ids).toEqual(['fine']);
  expect(report.dropped).toEqual({ incomplete: 2, 'duplicate order': 1, 'missing feature': 1, 'missing description': 1 });
  expect(report.examples['missing feature']).toEqual(['story unseen: photo unseen-2']);
  expect(report.examples['duplicate order']).toEqual(['story twice: photo orders 0 1 1 2 3']);
  const lenient = buildStories(stories, { vocabulary, captions });
  expect(lenient.set.ids).toEqual(['unseen', 'untold', 'fine']);
  expect(lenient.set.descriptions![1]).toEqual(['x', 'x', 'x', '', 'x']);
  expect(() => buildStories(stories, { vocabulary, requireDescriptions: true })).toThrow('only be dropped when descriptions are given');
});

test('lengths are options and are stored', async () => {
  const { set } = buildStories([story('a', [0, 1, 2])], { vocabulary, photos: 3, maxWords: 2 });
  await writeStories(join(folder, 'small.h5'), set);
  const read = await readStories(join(folder, 'small.h5'));
  expect([read.photos, read.steps]).toEqual([3, 4]);
  expect([...read.sentences.subarray(0, 4)]).toEqual([1, 4, 5, 2]);
});

test('written and read, a set is the same; selecting keeps order', async () => {
  const stories = ['a', 'b', 'c'].map((id) => story(id, [0, 1, 2, 3, 4], [`${id} ran`]));
  const { set } = buildStories(stories, { vocabulary, captions: [{ photoId: 'a-0', text: 'café' }] });
  await writeStories(join(folder, 's.h5'), set);
  const read = await readStories(join(folder, 's.h5'), { vocabulary });
  expect({ ...read, vocabulary: read.vocabulary.words }).toEqual({ ...set, vocabulary: set.vocabulary.words });
  const chosen = selectStories(read, [2, 0]);
  expect([chosen.ids, chosen.texts.map((texts) => texts[0]), chosen.descriptions!.map((d) => d[0])]).toEqual([['c', 'a'], ['c ran', 'a ran'], ['', 'café']]);
  expect(chosen.sentences.subarray(0, 110)).toEqual(set.sentences.subarray(220, 330));
});

test('another vocabulary than the stored one is refused', async () => {
  const { set } = buildStories([story('a', [0, 1, 2, 3, 4])], { vocabulary });
  await writeStories(join(folder, 'v.h5'), set);
  await expect(readStories(join(folder, 'v.h5'), { vocabulary: new Vocabulary([...SPECIALS, 'cat']) })).rejects.toThrow(
    /v\.h5: its vocabulary \(8 words\) is not the one given \(5 words\)/);
});

async function writeLegacy(name: string, last: number, ids: readonly string[]): Promise<string> {
  const path = join(folder, name);
  await writeHdf5(path, (file) => {
    file.numbers('story_ids', Int32Array.of(41, 42));
    const sentences = new Int32Array(2 * 5 * 22);
    for (let i = 0; i < 10; i++) sentences.set([1, 4, last, 2], i * 22);
    file.numbers('story_sentences', sentences, [2, 5, 22]);
    file.strings('image_ids', ids, [2, 5]);
    file.numbers('image_embeddings', Float32Array.from({ length: 2 * 5 * 3 }, (_, i) => Math.floor(i / 3) % 5), [2, 5, 3]);
  });
  return path;
}

test('VIST-seq2seq\'s file loads with its vocabulary; texts come from the ids', async () => {
  const path = await writeLegacy('legacy.hdf5', 6, ['a', 'b', 'c', 'd', 'e', 'a', 'b', 'c', 'd', 'e']);
  const set = await readStories(path, { vocabulary });
  expect([set.ids, set.imageIds[1], set.texts[1]![4], set.steps]).toEqual([['41', '42'], ['a', 'b', 'c', 'd', 'e'], 'the ran', 22]);
  await expect(readStories(path)).rejects.toThrow(/legacy\.hdf5: it holds no vocabulary; give the vocabulary\.json it was made with$/);
});

test('VIST-seq2seq\'s known faults are found: ids out of order, words of another vocabulary', async () => {
  const unsorted = await writeLegacy('unsorted.hdf5', 6, ['a', 'b', 'c', 'd', 'e', 'b', 'a', 'c', 'd', 'e']);
  await expect(readStories(unsorted, { vocabulary })).rejects.toThrow(/photo b has two different vectors, so image_ids are not in the order of image_embeddings/);
  const foreign = await writeLegacy('foreign.hdf5', 9000, ['a', 'b', 'c', 'd', 'e', 'a', 'b', 'c', 'd', 'e']);
  await expect(readStories(foreign, { vocabulary })).rejects.toThrow(/foreign\.hdf5: story_sentences\[0\] holds word 9000, but the vocabulary ends at 7/);
});

test('datasets that do not fit each other are named, and reading harms nothing', async () => {
  const path = join(folder, 'odd.h5');
  await writeHdf5(path, (file) => {
    file.strings('story_ids', ['1', '2', '3']);
    file.strings('vocabulary', vocabulary.words);
    file.numbers('story_sentences', new Int32Array(2 * 5 * 22), [2, 5, 22]);
  });
  const before = await readFile(path);
  await expect(readStories(path)).rejects.toThrow(/odd\.h5: dataset story_ids has shape \[3\]; story_sentences asks for \[2\]$/);
  expect(await readFile(path)).toEqual(before);
});
