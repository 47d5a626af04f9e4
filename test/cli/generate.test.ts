import { readFile, writeFile } from 'node:fs/promises';
import { beforeAll, expect, test } from 'vitest';
import { exists } from '../../src/core/files.ts';
import { readStories } from '../../src/data/stories.ts';
import { readStoryOutputs } from '../../src/data/storyoutput.ts';
import { readVistStories } from '../../src/data/vist.ts';
import { formatVistChallenge, readVistChallenge } from '../../src/data/vistchallenge.ts';
import type { TinyBook } from '../telling/tinybook.ts';
import { tinyBook } from '../telling/tinybook.ts';
import { expectRefusal, fabula } from './fabula.ts';

let book: TinyBook;
let words: string[];
let annotations: string;
const output = (): string => book.at('submission.json');
const challenge = (...more: string[]): string[] => ['generate', ...words, '-o', output(), '--format', 'challenge', '--team', 'us', ...more];

/** A template of photo sequences, as the challenge publishes it: its stories are empty. */
async function template(name: string, sequences: readonly (readonly string[])[]): Promise<string> {
  const path = book.at(name);
  const empty = sequences.map((imageIds, i) => ({ id: String(i), albumId: `album-${i}`, imageIds, sentences: ['', '', '', '', ''] }));
  await writeFile(path, formatVistChallenge(empty, { teamName: 'example', evaluationInfo: {} }).replaceAll(/" {4}"/g, '""'));
  return path;
}

beforeAll(async () => {
  book = await tinyBook();
  words = [book.at('data', 'val.h5'), '-c', book.run, '--features', book.at('features.h5'), '--threads', '1'];
  annotations = book.at('book', 'val.story-in-sequence.json');
}, 60_000);

test('a submission to the challenge: one story a photo sequence, with the album that the annotations name', async () => {
  const [stories, human] = [await readStories(book.at('data', 'val.h5')), await readVistStories(annotations)];
  const sequences = [...new Set(stories.imageIds.map((ids) => ids.join(' ')))];
  expect([stories.length, sequences.length]).toEqual([4, 2]);
  expect(await fabula(...challenge('--annotations', annotations))).toEqual({ code: 0, stdout: `${output()}: 2 stories`, stderr: '' });
  const submission = await readVistChallenge(output());
  expect([submission.teamName, submission.stories.map(({ imageIds }) => imageIds.join(' '))]).toEqual(['us', sequences]);
  expect(submission.stories.map(({ albumId }) => albumId)).toEqual(submission.stories.map(({ imageIds }) =>
    human.find(({ sentences }) => sentences.map(({ photoId }) => photoId).join(' ') === imageIds.join(' '))!.albumId));
  await fabula('generate', ...words, '-o', book.at('told.jsonl'));
  const told = await readStoryOutputs(book.at('told.jsonl'));
  expect(submission.stories.map(({ text }) => text)).toEqual(submission.stories.map(({ imageIds }) =>
    told.find((story) => story.imageIds.join(' ') === imageIds.join(' '))!.sentences.join(' ')));
});

test('with a template: its sequences and albums, others left out and counted', async () => {
  const { imageIds } = await readStories(book.at('data', 'val.h5'));
  const path = await template('template.json', [imageIds.at(-1)!]);
  const { code, stdout, stderr } = await fabula(...challenge('--template', path));
  expect([code, stdout, stderr]).toEqual([0, `${output()}: 1 stories; photo sequences not in the template, not told: 1`, '']);
  expect((await readVistChallenge(output())).stories).toMatchObject([{ albumId: 'album-0', imageIds: imageIds.at(-1)! }]);
});

test('refused before anything is told', async () => {
  const { imageIds } = await readStories(book.at('data', 'val.h5'));
  const before = await readFile(output(), 'utf8');
  const wide = await template('wide.json', [imageIds[0]!, ['1', '2', '3', '4', '5']]);
  await expectRefusal(challenge('--template', wide), [/val\.h5: 1 of the 2 photo sequences asked for have no story: 1 2 3 4 5/]);
  await expectRefusal(challenge('--template', wide, '--limit', '1'), ['--limit would leave out photo sequences that --template asks for']);
  await expectRefusal(challenge(), ['--format challenge needs --team, and for the albums either --template or --annotations']);
  await expectRefusal(challenge('--template', wide, '--annotations', annotations), ['either --template or --annotations']);
  await expectRefusal(['generate', ...words, '-o', book.at('never.jsonl'), '--team', 'us'], ['--team is for --format challenge']);
  const homeless = book.at('homeless.json');
  await writeFile(homeless, (await readFile(annotations, 'utf8')).replaceAll(/"album_id": ?"\d+"/g, '"album_id":null'));
  await expectRefusal(challenge('--annotations', homeless), [/homeless\.json: no album id for story 2000000 of \S+val\.h5, and the VIST challenge asks for one/]);
  expect([await readFile(output(), 'utf8'), await exists(book.at('never.jsonl'))]).toEqual([before, false]);
});
