import { mkdir, mkdtemp, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { UserError } from '../../../src/core/errors.ts';
import { sha256File } from '../../../src/core/files.ts';
import { readCorpusReport, readPassages, readSentenceBlocks, writeCorpus } from '../../../src/data/books/corpus.ts';

const folder = await mkdtemp(join(tmpdir(), 'fabula-corpus-'));
let count = 0;
const place = (): string => join(folder, `corpus${count++}`);

async function books(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const at = join(folder, `books${count++}`);
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(at, name, '..'), { recursive: true });
    await writeFile(join(at, name), content);
  }
  return at;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

async function refusal(job: Promise<unknown>): Promise<string> {
  const error: unknown = await job.then(() => undefined, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  expect((error as Error).message).toMatch(/^[^\n]+$/);
  return (error as Error).message;
}

const STORY = 'The old man lived in a house by the sea, and nobody knew for how long he had been there, or why. He was alone.';
const NOVEL = `CHAPTER I\n\n${STORY}\n\n"Oh!" said he. "Who is it?"\n\n\nCHAPTER II\n\nShe came to him. They went away together.\n`;
const FRENCH = 'Longtemps, je me suis couché de bonne heure. Parfois, à peine ma bougie éteinte, mes yeux se fermaient si vite que je n’avais pas le temps de me dire.\n';

test('a folder of books becomes sentences, passages and the facts about them', async () => {
  const at = await books({ 'b/two.txt': 'He slept in the house.\n', 'a.txt': NOVEL, 'b/zipped.TXT.GZ': gzipSync('She was at the caf\u00e9 with him.\n'), 'notes.md': 'no', '.hidden.txt': 'no' });
  const out = place();
  const report = await writeCorpus({ sources: [at], out });
  expect((await readdir(out)).sort()).toEqual(['corpus.json', 'passages.txt', 'sentences.txt']);
  expect(await readFile(join(out, 'sentences.txt'), 'utf8')).toBe(`the old man lived in a house by the sea , and nobody knew for how long he had been there , or why .
he was alone .
\`\` oh ! '' said he .
\`\` who is it ? ''

she came to him .
they went away together .

he slept in the house .

she was at the café with him .

`);
  expect(await all(readPassages(out))).toEqual(['the old man lived in a house by the sea , and nobody knew for how long he had been there , or why . he was alone .']);
  expect((await all(readSentenceBlocks(out))).map((block) => block.length)).toEqual([4, 2, 1, 1]);
  expect(report.counts).toMatchObject({ files: 3, paragraphs: 5, blocks: 4, sentences: 8, passages: 1, passage_words: 29 });
  expect(report.sources.map(({ path }) => path)).toEqual([join(at, 'a.txt'), join(at, 'b/two.txt'), join(at, 'b/zipped.TXT.GZ')]);
  expect(report.sources[0]).toMatchObject({ encoding: 'utf-8', language: 'en', gutenberg: false, sentences: 6, passages: 1, sha256: await sha256File(join(at, 'a.txt')) });
  expect(report.dropped).toMatchObject({ paragraphs: { headings: 2 }, passages: { 'too short': 4 } });
  expect(report.files['sentences.txt']).toEqual({ lines: 8, sha256: await sha256File(join(out, 'sentences.txt')) });
  expect(report.files['passages.txt']).toEqual({ lines: 1, sha256: await sha256File(join(out, 'passages.txt')) });
  expect(await readCorpusReport(out)).toEqual(report);
});

test('a sentence that is too long parts its neighbours', async () => {
  const at = await books({ 'a.txt': `He came. ${'And on '.repeat(20)}it went. She left. ${'Word '.repeat(27)}end.\n` });
  const out = place();
  const report = await writeCorpus({ sources: [at], out, options: { longer_than: 0 } });
  // 27 words, `end` and the stop are 29 tokens: under 30.
  expect((await all(readSentenceBlocks(out))).map((block) => block.map((sentence) => sentence.split(' ').length))).toEqual([[3], [3, 29]]);
  expect(report.dropped.sentences).toEqual({ 'too long': 1 });
  await writeCorpus({ sources: [at], out, options: { sentence_words: 0 } });
  expect((await all(readSentenceBlocks(out))).map((block) => block.length)).toEqual([4]);
});

test('files of another language, twins and unreadable ones are left out with their reason', async () => {
  const at = await books({ 'en.txt': NOVEL, 'fr.txt': FRENCH, 'twin.txt': NOVEL, 'zip.txt': Uint8Array.of(80, 75, 0, 0), 'empty.txt': '', 'cut.txt.gz': gzipSync(NOVEL).subarray(0, 90) });
  const report = await writeCorpus({ sources: [at, join(at, 'en.txt')], out: place() });
  expect(report.sources.map(({ path }) => path)).toEqual([join(at, 'en.txt')]);
  expect(report.skipped.map(({ path, kind }) => [path.slice(at.length + 1), kind])).toEqual([['cut.txt.gz', 'unreadable'], ['empty.txt', 'unreadable'], ['fr.txt', 'language'], ['twin.txt', 'duplicate'], ['zip.txt', 'unreadable']]);
  expect(report.skipped[2]!.reason).toMatch(/its language is fr, not en/);
  expect(report.dropped.files).toEqual({ unreadable: 3, duplicate: 1, 'another language': 1 });
  expect((await writeCorpus({ sources: [join(at, 'fr.txt')], out: place(), options: { language: 'any' } })).sources[0]!.language).toBe('fr');
});

test('a long file of another language is left early, and a wanted one loses no beginning', async () => {
  const at = await books({ 'fr.txt': FRENCH.repeat(400), 'en.txt': `${STORY}\n\n`.repeat(400) });
  const report = await writeCorpus({ sources: [at], out: place() });
  expect([report.counts.paragraphs, report.counts.passages, report.skipped.length]).toEqual([400, 400, 1]);
});

test('only verse, line by line; a word list', async () => {
  const at = await books({ 'songs.txt': `${STORY}\n\nI wish I was that little bird,\n  Up in the bright blue sky;\n\nLa la la trululu dibidum\n  dum dubi dibidum dey\n` });
  await writeFile(join(folder, 'words.txt'), 'I\nwish\nwas\nthat\nlittle\nbird\nup\nin\nthe\nsky\n');
  const options = { keep: 'verse', verse: 'line', min_words: 1 } as const;
  const out = place();
  expect((await writeCorpus({ sources: [at], out, options, wordList: join(folder, 'words.txt') })).dropped.paragraphs).toEqual({ prose: 1, 'unknown words': 1 });
  expect(await all(readPassages(out))).toEqual(['i wish i was that little bird ,', 'up in the bright blue sky ;']);
});

test('what cannot be is refused in one line, and nothing is written', async () => {
  const at = await books({ 'a.txt': NOVEL, 'fr.txt': FRENCH, 'empty.txt': '', 'md/a.md': 'x', 'heads/a.txt': 'CHAPTER I\n\nCHAPTER II\n' });
  const out = place();
  expect(await refusal(writeCorpus({ sources: [join(at, 'none')], out }))).toMatch(/none: cannot read the text: no such file/);
  expect(await refusal(writeCorpus({ sources: [join(at, 'md')], out }))).toMatch(/no \.txt or \.txt\.gz file in this folder/);
  expect(await refusal(writeCorpus({ sources: [join(at, 'empty.txt')], out }))).toMatch(/empty\.txt: the file is empty$/);
  expect(await refusal(writeCorpus({ sources: [join(at, 'fr.txt')], out }))).toMatch(/its language is fr, not en; --language any/);
  expect(await refusal(writeCorpus({ sources: [join(at, 'heads')], out }))).toMatch(/nothing is left of 1 files \(2 paragraphs: headings\)/);
  expect(await refusal(writeCorpus({ sources: [at], out: at }))).toMatch(/lies in it and would be replaced/);
  expect(await refusal(writeCorpus({ sources: [join(at, 'a.txt')], out: join(at, 'md') }))).toMatch(/exists and is not a corpus/);
  expect(await refusal(writeCorpus({ sources: [join(at, 'a.txt')], out: join(at, 'a.txt', 'x') }))).toMatch(/the corpus cannot be written/);
  expect(await refusal(writeCorpus({ sources: [join(at, 'a.txt')], out, wordList: join(at, 'empty.txt') }))).toMatch(/the word list is empty/);
  expect((await readdir(folder)).filter((name) => name.startsWith(out.slice(folder.length + 1)))).toEqual([]);
  expect((await readdir(join(at, 'md')))).toEqual(['a.md']);
});

test('links that lead back end', async () => {
  const at = await books({ 'a.txt': NOVEL });
  await symlink(at, join(at, 'back'));
  await symlink(join(at, 'a.txt'), join(at, 'z.txt'));
  await symlink(join(at, 'gone'), join(at, 'dangling.txt'));
  expect((await writeCorpus({ sources: [at], out: place() })).sources).toHaveLength(1);
});

test('plain text files are read as corpora', async () => {
  const at = await books({ 'p.txt': '\uFEFF\n  one passage \r\n\r\ntwo\n', 'blank.txt': '\n \n', 'bad.txt': Uint8Array.of(...Buffer.from('good\nbad '), 0xff, 10), 'folder/x': '' });
  expect(await all(readPassages(join(at, 'p.txt')))).toEqual(['one passage', 'two']);
  expect(await all(readSentenceBlocks(join(at, 'p.txt')))).toEqual([['one passage'], ['two']]);
  expect(await refusal(all(readPassages(join(at, 'blank.txt'))))).toMatch(/blank\.txt: there is no passage in it/);
  expect(await refusal(all(readSentenceBlocks(join(at, 'blank.txt'))))).toMatch(/there is no sentence in it/);
  expect(await refusal(all(readPassages(join(at, 'bad.txt'))))).toMatch(/bad\.txt: line 2 is not valid UTF-8/);
  expect(await refusal(all(readPassages(join(at, 'gone.txt'))))).toMatch(/cannot read passages: no such file/);
  expect(await refusal(all(readPassages(join(at, 'folder'))))).toMatch(/there is no passages\.txt in this folder/);
  expect(await refusal(readCorpusReport(join(at, 'folder')))).toMatch(/corpus\.json: cannot read the facts of the corpus: no such file/);
  await writeFile(join(at, 'folder/corpus.json'), '{"format": "other"}');
  expect(await refusal(readCorpusReport(join(at, 'folder')))).toMatch(/corpus\.json: .*format/);
});

test('a block is given in parts; line numbers count through all pieces', async () => {
  const at = await books({ 'long.txt': 'a sentence of words .\n'.repeat(25_000), 'bad.txt': Buffer.concat([Buffer.from('a sentence of words .\n'.repeat(25_000)), Buffer.from([0xff, 10])]) });
  expect((await all(readSentenceBlocks(join(at, 'long.txt')))).map((block) => block.length)).toEqual([10_000, 10_000, 5_000]);
  expect(await refusal(all(readPassages(join(at, 'bad.txt'))))).toMatch(/line 25001 is not valid UTF-8/);
});

test('memory does not grow with the book', async () => {
  const at = await books({ 'big.txt': `${NOVEL}\n\n`.repeat(8000) });
  let most = 0;
  const report = await writeCorpus({ sources: [at], out: place(), onProgress: (done, total) => {
    expect(done).toBeLessThanOrEqual(total);
    most = Math.max(most, process.memoryUsage().heapUsed);
  } });
  expect(report.counts.sentences).toBe(48_000);
  expect(most).toBeLessThan(400 * 2 ** 20);
});
