import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildStories } from '../../src/data/stories.ts';
import { matchLines, readReferences, textStories } from '../../src/data/storytexts.ts';
import type { TextFile } from '../../src/data/storytexts.ts';
import { readLines } from '../../src/data/textlines.ts';
import { readVistStories } from '../../src/data/vist.ts';
import { Vocabulary } from '../../src/text/vocabulary.ts';
import { vistFile } from './vistfixture.ts';

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
