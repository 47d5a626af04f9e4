import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildStories } from '../../src/data/stories.ts';
import { matchLines, readHypotheses, readReferences, textStories } from '../../src/data/storytexts.ts';
import type { TextFile } from '../../src/data/storytexts.ts';
import { readLines } from '../../src/data/textlines.ts';
import { readVistStories } from '../../src/data/vist.ts';
import { Vocabulary } from '../../src/text/vocabulary.ts';
import { annotation, vistFile } from './vistfixture.ts';

const folder = await mkdtemp(join(tmpdir(), 'fabula-storytexts-'));
const at = (name: string): string => join(folder, name);

test('lines keep their spaces and blank ones; line ends and a byte-order mark go', async () => {
  await writeFile(at('lines.txt'), '\ufeffa b \r\n\n c\nlast');
  expect(await readLines(at('lines.txt'), 'stories')).toEqual(['a b ', '', ' c', 'last']);
  await writeFile(at('one.txt'), '\n');
  expect(await readLines(at('one.txt'), 'stories')).toEqual(['']);
});

test('references whole, or cut at 20 words with <UNK>, the same from JSON and from a stories file', async () => {
  const long = `${Array.from({ length: 21 }, () => 'the').join(' ')} Zebra`;
  await writeFile(at('val.json'), JSON.stringify(vistFile(['1'], (_, i) => (i === 0 ? long : 'the  zebra Ran .'))));
  const vocabulary = Vocabulary.fromCounts([['the', 2], ['.', 1], ['Ran', 1]]);
  await vocabulary.save(at('vocabulary.json'));
  const set = buildStories(await readVistStories(at('val.json')), { vocabulary }).set;
  expect(textStories(set, 'whole')[0]!.sentences.slice(0, 2)).toEqual([long, 'the zebra Ran .']);
  const [story] = textStories(set, 'indexed');
  expect(story!.imageIds).toEqual(['p10', 'p11', 'p12', 'p13', 'p14']);
  expect(story!.sentences.slice(0, 2)).toEqual([Array.from({ length: 20 }, () => 'the').join(' '), 'the <UNK> <UNK> .']);
  expect(await readReferences(at('val.json'), { text: 'indexed', vocabulary: at('vocabulary.json') })).toMatchObject({ kind: 'stories', stories: [story!] });
});

test('text references of known stories: one a file, each another story of the photos', () => {
  const hypotheses: TextFile = { path: 'h.jsonl', kind: 'stories', stories: [{ id: '7', imageIds: ['a', 'b'], sentences: ['x', 'y'] }] };
  const references: TextFile[] = [{ path: 'r0.txt', kind: 'lines', lines: ['x y'] }, { path: 'r1.txt', kind: 'lines', lines: ['x', 'z'] }];
  expect(matchLines(hypotheses, references, 'story').references).toEqual([
    { id: '7', imageIds: ['a', 'b'], sentences: ['x y'] },
    { id: '7 of r1.txt', imageIds: ['a', 'b'], sentences: ['x', 'z'] },
  ]);
});

test('hypotheses in the challenge\'s JSON: ids are the photos, sentences are not told apart', async () => {
  const photos = ['a', 'b', 'c', 'd', 'e'];
  await writeFile(at('challenge.json'), JSON.stringify({ output_stories: [{ album_id: 7, photo_sequence: photos, story_text_normalized: 'x . y .' }] }));
  const file = await readHypotheses(at('challenge.json'));
  const story = { id: 'a-b-c-d-e', imageIds: photos, sentences: ['x . y .'], albumId: '7' };
  expect(file).toEqual({ path: at('challenge.json'), kind: 'stories', whole: true, stories: [story] });
  expect(matchLines(file, [{ path: 'r.txt', kind: 'lines', lines: ['z .'] }], 'story')).toEqual({ hypotheses: [story], references: [{ ...story, sentences: ['z .'] }], unit: 'line' });
});

test('albums stay with their stories: from VIST\'s JSON, JSON lines and for lines of text', async () => {
  const annotations = ['7', null].flatMap((album_id, story) => [0, 1, 2, 3, 4].map((order) => annotation(String(story), order, 'x .').map((sentence) => ({ ...sentence, album_id }))));
  await writeFile(at('albums.json'), JSON.stringify({ annotations }));
  const fromVist = await readReferences(at('albums.json'), { text: 'whole' });
  expect(fromVist.kind === 'stories' && fromVist.stories.map((story) => ['albumId' in story, story.albumId])).toEqual([[true, '7'], [false, undefined]]);
  await writeFile(at('albums.jsonl'), '{"id":"0","image_ids":[],"sentences":["x ."],"album_id":"8"}\n');
  expect(await readHypotheses(at('albums.jsonl'))).toMatchObject({ stories: [{ albumId: '8' }] });
  expect(await readReferences(at('albums.jsonl'), { text: 'whole' })).toMatchObject({ stories: [{ albumId: '8' }] });
  const lines = matchLines({ path: 'h.txt', kind: 'lines', lines: ['told 1', 'told 2'] }, [fromVist], 'story');
  expect(lines.hypotheses.map(({ albumId, sentences }) => [albumId, sentences])).toEqual([['7', ['told 1']], [undefined, ['told 2']]]);
});
