import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, test } from 'vitest';
import { formatStoryLines } from '../../src/data/storyoutput.ts';
import { expectRefusal } from '../cli/fabula.ts';
import { OUTPUTS, storyFiles } from './storyfiles.ts';
import type { StoryFiles } from './storyfiles.ts';

let files: StoryFiles;
beforeAll(async () => {
  files = await storyFiles();
  await files.write('human.txt', 'a\nb\n');
});
afterAll(() => rm(files.folder, { recursive: true }));

/** Words that are files become their paths. */
const inFolder = (words: readonly string[]): string[] => words.map((word) => (/\.\w+$/.test(word) && !/^[-\d]/.test(word) ? files.at(word) : word));

test.each<[string, Record<string, string | Uint8Array>, string[], RegExp]>([
  ['line counts', { 'h.txt': 'a\nb\n', 'r.txt': 'a\nb\nc\n' }, ['h.txt', '--references', 'r.txt'], /h\.txt has 2 lines and \S+r\.txt has 3; line n of one/],
  ['line counts against stories', { 'h.txt': 'a\nb\nc\n' }, ['h.txt', '--references', 'val.json'], /h\.txt has 3 lines; \S+val\.json asks for 2, one a story, or 10, one a sentence/],
  ['stories where sentences are scored', {}, ['stories.txt', '--references', 'val.json', '--protocol', 'sentence'], /stories\.txt has 2 lines; \S+ asks for 10, one a sentence/],
  ['empty file', { 'h.txt': '' }, ['h.txt', '--references', 'r.txt'], /h\.txt: the file is empty/],
  ['bad UTF-8', { 'h.txt': Buffer.from('fine\ncaf\xe9\n', 'latin1') }, ['h.txt', '--references', 'r.txt'], /h\.txt: line 2 is not valid UTF-8/],
  ['bad UTF-8 in JSON lines', { 'h.jsonl': Buffer.from('{"id":"1","image_ids":[],"sentences":["caf\xe9"]}\n', 'latin1') }, ['h.jsonl', '--references', 'r.txt'], /h\.jsonl: line 1 is not valid UTF-8/],
  ['bad UTF-8 in training texts', { 't.txt': Buffer.from('a\nb\nc\nna\xefve\n', 'latin1') }, ['stories.txt', '--references', 'val.json', '--training', 't.txt'], /t\.txt: line 4 is not valid UTF-8/],
  ['empty references', { 'r.txt': '' }, ['stories.txt', '--references', 'r.txt'], /r\.txt: the file is empty/],
  ['a reference without hypothesis', { 'h.jsonl': formatStoryLines(OUTPUTS.slice(1)) }, ['h.jsonl', '--references', 'val.json'], /references: 1 of 2 stories have no hypothesis: 1; give them all, or give --partial for a partial score/],
  ['human stories as hypotheses', {}, ['val.json', '--references', 'val.json'], /val\.json: output_stories: expected a list, found nothing; expected JSON of the VIST challenge/],
  ['missing', {}, ['none.txt', '--references', 'r.txt'], /none\.txt: cannot read stories: no such file/],
  ['missing references', {}, ['out.jsonl', '--references', 'none.json'], /none\.json: .*no such file/],
  ['missing training texts', {}, ['out.jsonl', '--references', 'val.json', '--training', 'none.jsonl'], /none\.jsonl: .*no such file/],
  ['extension', {}, ['out.csv', '--references', 'r.txt'], /out\.csv: hypotheses are \.jsonl/],
  ['reference extension', {}, ['out.jsonl', '--references', 'r.csv'], /r\.csv: references are VIST's \.json/],
  ['not VIST', { 'odd.json': '{"annotations": [[{"story_id": "1"}]]}' }, ['out.jsonl', '--references', 'odd.json'], /odd\.json: annotations\[0\]\[0\]\.photo_flickr_id/],
  ['a line cut short', { 'h.jsonl': formatStoryLines(OUTPUTS).slice(0, -20) }, ['h.jsonl', '--references', 'val.json'], /h\.jsonl: line 2\b/],
  ['two texts as one reference', {}, ['stories.txt', '--references', 'r.txt', '--references', 'human.txt'], /protocol single-reference takes one reference a story/],
  ['text and stories', {}, ['stories.txt', '--references', 'r.txt', '--references', 'val.json', '--protocol', 'story-multi'], /plain text and \S+val\.json together/],
  ['vocabulary for nothing', {}, ['out.jsonl', '--references', 'val.json', '--vocabulary', 'vocabulary.json'], /--vocabulary \S+ would not be used/],
  ['template for nothing', {}, ['out.jsonl', '--references', 'val.json', '--template', 'template.json'], /--template \S+ lists photo sequences, and protocol single-reference goes by own story/],
  ['protocol', {}, ['out.jsonl', '--references', 'val.json', '--protocol', 'vist-seq2sec'], /did you mean vist-seq2seq\?/],
  ['metric', {}, ['out.jsonl', '--references', 'val.json', '--metrics', 'bleu,metoer'], /metric "metoer": did you mean meteor\? there are bleu, meteor, rouge-l, cider/],
  ['no metric', {}, ['out.jsonl', '--references', 'val.json', '--metrics', ','], /--metrics: name some of bleu, meteor, rouge-l, cider/],
  ['names', {}, ['out.jsonl', 'stories.txt', '--references', 'val.json', '--names', 'ours'], /--names: 1 names for 2 files/],
  ['a name twice', {}, ['out.jsonl', 'stories.txt', '--references', 'val.json', '--names', 'ours, ours'], /ours is there twice; each system needs a name of its own/],
  ['a file twice', {}, ['out.jsonl', 'out.jsonl', '--references', 'val.json'], /out\.jsonl is there twice; each system needs a file of its own/],
  ['baseline', {}, ['out.jsonl', 'stories.txt', '--references', 'val.json', '--baseline', 'storys'], /--baseline "storys": did you mean stories\? there are out, stories/],
  ['protocols', {}, ['out.jsonl', '--references', 'val.json', '--protocol', 'sentence', '--protocol', 'coco'], /protocols sentence and coco: their scores do not compare; choose one, or give --mixed/],
  ['frequencies of several protocols', {}, ['out.jsonl', '--references', 'val.json', '--protocol', 'sentence', '--protocol', 'coco', '--mixed', '--write-document-frequencies', 'f.jsonl'], /--write-document-frequencies: give one protocol/],
  ['no METEOR data there', {}, ['out.jsonl', '--references', 'val.json', '--meteor-data', 'none.jar'], /none\.jar: cannot read METEOR's data: no such file/],
  ['seed', {}, ['out.jsonl', '--references', 'val.json', '--seed', '1.5'], /seed/],
  ['resamples', {}, ['out.jsonl', '--references', 'val.json', '--resamples', '0'], /resamples/],
  ['trials', {}, ['out.jsonl', '--references', 'val.json', '--trials', 'many'], /trials/],
  ['confidence', {}, ['out.jsonl', '--references', 'val.json', '--metrics', 'bleu', '--confidence', '95'], /confidence 95: give a number above 0 and below 1, such as 0\.95/],
  ['alpha', {}, ['out.jsonl', '--references', 'val.json', '--metrics', 'bleu', '--alpha', '0'], /alpha 0: give a number above 0 and below 1/],
  ['test', {}, ['out.jsonl', '--references', 'val.json', '--test', 't-test'], /test/],
  ['no references', {}, ['out.jsonl'], /references/],
  ['a table below a file', {}, ['out.jsonl', '--references', 'val.json', '--metrics', 'bleu', '--csv', 'val.json/table.csv'], /val\.json\/table\.csv: /],
])('one line for a mistake: %s', async (_, written, words, message) => {
  await files.write('r.txt', 'a\nb\n');
  for (const [name, content] of Object.entries(written)) await files.write(name, content);
  await expectRefusal(['evaluate', ...inFolder(words)], [message]);
});
