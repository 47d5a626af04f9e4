import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import type { StoryOutput } from '../../src/data/storyoutput.ts';
import { checkAgainst, formatVistChallenge, readVistChallenge } from '../../src/data/vistchallenge.ts';

const folder = await mkdtemp(join(tmpdir(), 'fabula-vistchallenge-'));
const at = (name: string): string => join(folder, name);

const STORIES: StoryOutput[] = [
  { id: '1', imageIds: ['a', 'b', 'c', 'd', 'e'], sentences: ['the "dog" .', 'é <UNK> .', 'x', '', 'z .'], scores: [-1.5, -2, 0, -3, -1e-9], albumId: '77' },
  { id: '2', imageIds: ['b', 'a', 'c', 'd', 'e'], sentences: ['1', '2', '3', '4', '5'], albumId: '77' },
];
const INFO = { teamName: 'fabula', evaluationInfo: { additional_description: 'greedy' } };

const asJson = (...stories: object[]): string => JSON.stringify({ team_name: 'x', evaluation_info: {}, output_stories: stories });
const entry = (photos: unknown, text: unknown = 'x .'): object => ({ album_id: '7', photo_sequence: photos, story_text_normalized: text });
const PHOTOS = ['1', '2', '3', '4', '5'];

test('written as the challenge asks, and read back', async () => {
  const text = formatVistChallenge(STORIES, INFO);
  expect(JSON.parse(text)).toEqual({
    team_name: 'fabula',
    evaluation_info: { additional_description: 'greedy' },
    output_stories: [
      { album_id: '77', photo_sequence: ['a', 'b', 'c', 'd', 'e'], story_text_normalized: 'the "dog" . é <UNK> . x  z .' },
      { album_id: '77', photo_sequence: ['b', 'a', 'c', 'd', 'e'], story_text_normalized: '1 2 3 4 5' },
    ],
  });
  await writeFile(at('written.json'), text);
  expect(await readVistChallenge(at('written.json'))).toEqual({
    ...INFO,
    stories: [
      { albumId: '77', imageIds: ['a', 'b', 'c', 'd', 'e'], text: 'the "dog" . é <UNK> . x  z .' },
      { albumId: '77', imageIds: ['b', 'a', 'c', 'd', 'e'], text: '1 2 3 4 5' },
    ],
  });
});

test.each<[string, StoryOutput[], string]>([
  ['nothing', [], 'there is no story to write'],
  ['no album', [{ id: '2', imageIds: PHOTOS, sentences: ['x'] }], 'story 2 has no album id'],
  ['an empty album', [{ ...STORIES[1]!, albumId: '' }], 'story 2 has no album id'],
  ['one photo', [{ ...STORIES[1]!, imageIds: ['a'] }], 'story 2 has 1 photos, and the VIST challenge asks for 5'],
  ['a photo without id', [{ ...STORIES[1]!, imageIds: ['a', 'b', '', 'd', 'e'] }], 'story 2 has a photo without an id: ["a","b","","d","e"]'],
  ['the same photos', [STORIES[0]!, { ...STORIES[0]!, id: '9' }], 'stories 1 and 9 have the same photos'],
])('not written: %s', (_, stories, message) => {
  expect(() => formatVistChallenge(stories, INFO)).toThrow(UserError);
  expect(() => formatVistChallenge(stories, INFO)).toThrow(message);
});

test('what the challenge\'s program lets pass: ids as numbers, empty stories, further attributes, no team, a byte-order mark', async () => {
  await writeFile(at('lenient.json'), `\ufeff${JSON.stringify({ output_stories: [{ ...entry([1, 2, 3, 4, 5], ''), album_id: 7, duplicated: false }] })}`);
  expect(await readVistChallenge(at('lenient.json'))).toEqual({ teamName: '', evaluationInfo: {}, stories: [{ albumId: '7', imageIds: PHOTOS, text: '' }] });
});

test.each<[string, string | Uint8Array, RegExp]>([
  ['empty', '', /bad\.json: the file is empty/],
  ['cut off', asJson(entry(PHOTOS)).slice(0, -20), /bad\.json: VIST challenge stories are not valid JSON: /],
  ['a list', '[]', /bad\.json: expected an object, found a list of 0; expected JSON of the VIST challenge/],
  ['VIST\'s human stories', '{"annotations": []}', /bad\.json: output_stories: expected a list, found nothing; expected JSON of the VIST challenge/],
  ['no story', asJson(), /bad\.json: output_stories: expected at least one story, found a list of 0/],
  ['no album', asJson(entry(PHOTOS), { photo_sequence: PHOTOS, story_text_normalized: '' }), /output_stories\[1\]\.album_id: expected a string, found nothing/],
  ['no photos', asJson({ album_id: '7', story_text_normalized: '' }), /output_stories\[0\]\.photo_sequence: expected a list, found nothing/],
  ['no text', asJson(entry(PHOTOS, null)), /output_stories\[0\]\.story_text_normalized: expected a string, found null/],
  ['four photos', asJson(entry(PHOTOS.slice(1))), /output_stories\[0\]\.photo_sequence: expected 5 photo ids, found a list of 4/],
  ['a photo without id', asJson(entry(['1', '2', '', '4', '5'])), /output_stories\[0\]\.photo_sequence\[2\]: expected a string with something in it, found ""/],
  ['a sequence twice', asJson(entry(PHOTOS), entry(PHOTOS.toReversed()), entry(PHOTOS, 'y .')), /output_stories\[2\] tells the photos 1 2 3 4 5 as \[0\] does; .*keep one$/],
  ['latin-1', Buffer.from(`{\n"team_name": "caf\xe9"}`, 'latin1'), /bad\.json: line 2 is not valid UTF-8/],
])('one line for a bad file: %s', async (_, content, message) => {
  await writeFile(at('bad.json'), content);
  const error = await readVistChallenge(at('bad.json')).catch((caught: unknown) => caught as Error);
  expect(error).toBeInstanceOf(UserError);
  expect((error as Error).message).toMatch(message);
  expect((error as Error).message).not.toContain('\n');
});

test('a file that is not there', async () => {
  await expect(readVistChallenge(at('no.json'))).rejects.toThrow(/no\.json: cannot read VIST challenge stories: no such file/);
});

test('missing photo sequences are named, a few; others than asked for are handed back', () => {
  const sequence = (...imageIds: string[]): { imageIds: string[] } => ({ imageIds });
  const asked = ['a', 'b', 'c', 'd', 'e'].map((id) => sequence(id, 'x'));
  expect(checkAgainst([...asked, sequence('x', 'a')], [...asked, asked[0]!], 'out.json')).toEqual(['x a']);
  expect(checkAgainst(asked, asked.slice(2), 'out.json')).toEqual(['a x', 'b x']);
  expect(() => checkAgainst(asked.slice(1), asked, 'out.json')).toThrow(new UserError('out.json: 1 of the 5 photo sequences asked for have no story: a x; tell them too'));
  expect(() => checkAgainst([], asked, 'out.json')).toThrow('5 of the 5 photo sequences asked for have no story: a x; b x; c x; and 2 more; tell them too');
});
