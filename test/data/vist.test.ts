import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readVistCaptions, readVistStories } from '../../src/data/vist.ts';
import { annotation, captionFile } from './vistfixture.ts';

const folder = await mkdtemp(join(tmpdir(), 'fabula-vist-'));
const write = async (name: string, value: unknown): Promise<string> => {
  await writeFile(join(folder, name), typeof value === 'string' ? value : JSON.stringify(value));
  return join(folder, name);
};

test('sentences are grouped by story_id wherever they stand and sorted by order; numbers serve as ids', async () => {
  const path = await write('mixed.json', {
    annotations: [annotation(7, 1, 'b', 31), annotation('8', 0, 'x'), annotation(7, '0', 'a', 30), annotation(7, 2, 'c', 32), annotation('8', 1, 'y')],
  });
  const stories = await readVistStories(path);
  expect(stories.map((story) => [story.id, story.sentences.map((s) => `${s.order}${s.text}${s.photoId}`)])).toEqual([
    ['7', ['0a30', '1b31', '2c32']],
    ['8', ['0xp80', '1yp81']],
  ]);
  expect(stories[0]!.sentences[0]!.originalText).toBe('a (original)');
  expect(stories[0]!.albumId).toBeNull();
});

test('captions keep file order', async () => {
  const path = await write('dii.json', captionFile([['1', 'a dog'], ['1', 'a cat'], ['2', 'a hat']]));
  expect(await readVistCaptions(path)).toEqual([{ photoId: '1', text: 'a dog' }, { photoId: '1', text: 'a cat' }, { photoId: '2', text: 'a hat' }]);
});

test('a field of another shape is named with its path', async () => {
  const broken = (change: object): unknown => ({ annotations: [annotation('1', 0, 'a'), [{ ...annotation('1', 1, 'b')[0], ...change }]] });
  const read = async (change: object): Promise<unknown> => readVistStories(await write('b.json', broken(change)));
  await expect(read({ photo_flickr_id: null })).rejects.toThrow(
    /b\.json: annotations\[1\]\[0\]\.photo_flickr_id: expected a string, found null; expected VIST story-in-sequence JSON$/);
  await expect(read({ text: undefined })).rejects.toThrow('annotations[1][0].text: expected a string, found nothing');
  await expect(read({ worker_arranged_photo_order: 'first' })).rejects.toThrow('worker_arranged_photo_order: expected an integer, found "first"');
  await expect(read({ worker_arranged_photo_order: 1.5 })).rejects.toThrow('worker_arranged_photo_order: expected an integer from 0, found 1.5');
  await expect(readVistStories(await write('o.json', { annotations: { a: 1 } }))).rejects.toThrow('o.json: annotations: expected a list, found an object');
  await expect(readVistStories(await write('l.json', [1, 2]))).rejects.toThrow('l.json: expected an object, found a list of 2');
  await expect(readVistStories(await write('d.json', captionFile([['1', 'a dog']])))).rejects.toThrow('annotations[0][0].story_id: expected a string, found nothing');
  await expect(readVistStories(await write('e.json', { annotations: [] }))).rejects.toThrow('e.json: annotations: the list is empty');
  await expect(readVistStories(await write('cut.json', '{"annotations": [[{"story_id": "1"'))).rejects.toThrow(/cut\.json: VIST stories is not valid JSON/);
  await expect(readVistStories(join(folder, 'none.json'))).rejects.toThrow(/none\.json: cannot read VIST stories: no such file/);
});
