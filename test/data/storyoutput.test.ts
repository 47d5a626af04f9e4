import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import { formatPlainText, formatStoryLines, readStoryOutputs, writeStoryOutputs } from '../../src/data/storyoutput.ts';
import type { StoryOutput } from '../../src/data/storyoutput.ts';

const folder = await mkdtemp(join(tmpdir(), 'fabula-storyoutput-'));
const STORIES: StoryOutput[] = [
  { id: '1', imageIds: ['a', 'b', 'c', 'd', 'e'], sentences: ['the "dog" .', 'é <UNK> .', 'x', '', 'z .'], scores: [-1.5, -2, 0, -3, -1e-9], albumId: '77' },
  { id: '2', imageIds: ['b', 'a', 'c', 'd', 'e'], sentences: ['1', '2', '3', '4', '5'], albumId: '77' },
];

test('JSON lines: written, read, the same', async () => {
  const path = join(folder, 'stories.jsonl');
  await writeStoryOutputs(path, STORIES);
  expect((await readFile(path, 'utf8')).split('\n')[1]).toBe('{"id":"2","image_ids":["b","a","c","d","e"],"sentences":["1","2","3","4","5"],"album_id":"77"}');
  expect(await readStoryOutputs(path)).toEqual(STORIES);
});

test('ids may be numbers, line ends those of Windows, a byte-order mark in front', async () => {
  const path = join(folder, 'other.jsonl');
  await writeFile(path, '\ufeff{"id": 3, "image_ids": [7], "sentences": ["a ."], "model": "x", "scores": null}\r\n');
  expect(await readStoryOutputs(path)).toEqual([{ id: '3', imageIds: ['7'], sentences: ['a .'] }]);
});

test('plain text, a story or a sentence a line', () => {
  expect(formatPlainText(STORIES, 'story')).toBe('the "dog" . é <UNK> . x  z .\n1 2 3 4 5\n');
  expect(formatPlainText(STORIES.slice(0, 1), 'sentence')).toBe('the "dog" .\né <UNK> .\nx\n\nz .\n');
  expect(() => formatPlainText([{ id: '4', imageIds: ['a', 'b'], sentences: ['fine', 'a\nb'] }], 'story')).toThrow('story 4, sentence 2 holds a line break');
});

const good = formatStoryLines(STORIES.slice(0, 1));
test.each<[string, string | Uint8Array, RegExp]>([
  ['empty', '', /bad\.jsonl: the file is empty/],
  ['blank line', `${good}\n${good}`, /line 2 is blank/],
  ['cut off', `${good}{"id": "2", "image_`, /line 2: not valid JSON/],
  ['no sentences', `${good}{"id":"2","image_ids":[]}\n`, /line 2: sentences: expected a list, found nothing$/],
  ['a sentence that is no string', '{"id":"2","image_ids":["a","b"],"sentences":["x",5]}\n', /line 1: sentences\[1\]: expected a string, found 5$/],
  ['too few sentences', '{"id":"2","image_ids":["a","b"],"sentences":["x"]}\n', /line 1: sentences: expected one sentence for each of image_ids/],
  ['too few scores', '{"id":"2","image_ids":["a"],"sentences":["x"],"scores":[]}\n', /line 1: scores: expected one score for each/],
  ['not an object', '[]\n', /line 1: expected an object, found a list of 0/],
  ['twice', `${good}${good}`, /line 2: story 1 stands in line 1 already/],
  ['latin-1', Buffer.concat([Buffer.from(good), Buffer.from('{"id":"caf\xe9"}\n', 'latin1')]), /line 2 is not valid UTF-8/],
  ['cut within a character', Buffer.from('a\nb\xc3', 'latin1'), /line 2 is not valid UTF-8/],
])('one line for a bad file: %s', async (_, content, message) => {
  const path = join(folder, 'bad.jsonl');
  await writeFile(path, content);
  const error = await readStoryOutputs(path).catch((caught: unknown) => caught as Error);
  expect(error).toBeInstanceOf(UserError);
  expect((error as Error).message).toMatch(message);
  expect((error as Error).message).not.toContain('\n');
});

test('a file that is not there', async () => {
  await expect(readStoryOutputs(join(folder, 'no.jsonl'))).rejects.toThrow(/no\.jsonl: cannot read stories as JSON lines: no such file/);
});
