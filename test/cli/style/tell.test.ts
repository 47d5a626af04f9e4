import { copyFile, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { beforeAll, expect, test, vi } from 'vitest';
import { readPassages } from '../../../src/style/passagefile.ts';
import type { TinyStoryteller } from '../../style/tinystoryteller.ts';
import { tinyDecoder, tinyStoryteller } from '../../style/tinystoryteller.ts';
import { expectRefusal, fabula } from '../fabula.ts';

// Sessions are opened in every test, which takes long where other tests keep the cores busy.
vi.setConfig({ testTimeout: 30_000 });

let tiny: TinyStoryteller;
let photo: string;
/** A folder with a photo, and with a file that is called one. */
let mixed: string;

beforeAll(async () => {
  tiny = await tinyStoryteller();
  photo = tiny.photos[0]!;
  mixed = tiny.at('mixed');
  await mkdir(mixed);
  await copyFile(photo, tiny.at('mixed/a.jpg'));
  await writeFile(tiny.at('mixed/b.jpg'), 'no photo');
  await writeFile(tiny.at('bar.txt'), 'a\nan\nthe\n');
  // Loads what commands need.
  await fabula(...tell([photo], '--style', 'none'));
}, 120_000);

/** `fabula style tell` of a small search, so that flags can still be given. */
function tell(photos: readonly string[], ...words: string[]): string[] {
  const small = { '--captions': '5', '--beam': '4', '--min-words': '3', '--max-words': '8', '-s': tiny.storyteller, '--threads': '1' };
  return ['style', 'tell', ...photos, ...words, ...Object.entries(small).flatMap(([flag, value]) => (words.includes(flag) ? [] : [flag, value]))];
}

interface Told {
  id: string;
  image: string;
  style: string;
  passage: string;
  nll: number;
  captions: { text: string; score: number }[];
}

test('the captions found, then the passage', async () => {
  const { code, stdout, stderr } = await fabula(...tell([photo], '--style', 'fairytale'));
  expect([code, stderr]).toEqual([0, '']);
  const lines = stdout.split('\n');
  const record = JSON.parse((await fabula(...tell([photo], '--style', 'fairytale', '--json'))).stdout) as Told;
  expect(lines).toEqual(['captions found:', ...record.captions.map(({ text, score }) => `  ${score.toFixed(3)}  ${text}`), '', ...record.passage.split('\n'), '']);
  expect(record).toMatchObject({ image: photo, style: 'fairytale', nll: expect.any(Number) });
  expect(record.captions.map(({ score }) => score)).toEqual(record.captions.map(({ score }) => score).sort((a, b) => b - a));
  expect((await fabula(...tell([photo], '--style', 'fairytale', '--show', '0'))).stdout).toBe(`${record.passage}\n`);
  expect((await fabula(...tell([photo], '--style', 'fairytale', '--show', '2'))).stdout).toMatch(/^captions found \(the 2 nearest of 5\):\n {2}\S+ {2}[^\n]+\n {2}\S+ {2}[^\n]+\n\n/);
});

test('several photos and styles are told under their names', async () => {
  const { stdout } = await fabula(...tell(tiny.photos.slice(0, 2), '--style', 'fairytale', '--style', 'logbook', '--style', 'fairytale', '--show', '1'));
  expect(stdout.split('\n').filter((line) => tiny.photos.includes(line) || /^(captions|fairytale|logbook)/.test(line))).toEqual(
    tiny.photos.slice(0, 2).flatMap((path) => [path, 'captions found (the 1 nearest of 5):', 'fairytale:', 'logbook:']));
  const lyric = await fabula(...tell([photo], '--style', 'own', '--text', 'lyric', '--line-words', '2', '--show', '0'));
  expect(lyric.stdout.trim().split('\n').every((line) => line.split(' ').length <= 2)).toBe(true);
});

test('what a user may get wrong is refused in one line', async () => {
  const fairytale = ['--style', 'fairytale'];
  await expectRefusal(tell([photo], '--style', 'fairytail'), [/storyteller: there is no style fairytail: did you mean fairytale\?/]);
  await expectRefusal(tell([photo], '--style', 'zzzzzzzz'), [/there is no style zzzzzzzz: choose from fairytale, logbook, mixed, own/]);
  await expectRefusal(tell([photo]), [/Missing required argument: style/]);
  await expectRefusal(tell([tiny.at('none.jpg')], ...fairytale), [/none\.jpg: cannot read photos there: no such file/]);
  await expectRefusal(tell([tiny.captions], ...fairytale), [/captions\.json: not a photo: expected a JPEG, PNG or WebP file/]);
  await expectRefusal(tell([photo], ...fairytale, '-s', tiny.at('book')), [/book: no storyteller here: it has no storyteller\.json/]);
  await expectRefusal(tell([photo], ...fairytale, '--beam', '0'), [/the options: decoding\.beam: .*found 0/]);
  await expectRefusal(tell([photo], ...fairytale, '--captions', '0'), [/the options: captions: .*found 0/]);
  await expectRefusal(tell([photo], ...fairytale, '--show', '-1'), [/--show -1: give a whole number, 0 or more/]);
  await expectRefusal(tell([photo], ...fairytale, '--cnn', tiny.captions), [/captions\.json: not an ONNX model that can be loaded/]);
  await expectRefusal(tell([photo], ...fairytale, '--bar-words', tiny.at('nothing.txt')), [/nothing\.txt: cannot read words and phrases: no such file/]);
  await expectRefusal(tell([photo], ...fairytale, '--out', mixed), [/mixed: cannot be read: it is a folder/]);
  await expectRefusal(['style', 'tel'], [/no command given, or none of that name/]);
});

test('a photo whose nearest captions are all barred: refused, or left out', async () => {
  const says = `${photo}: its 20 nearest captions are all barred by bar.txt: bar less, or give the storyteller other captions`;
  await expectRefusal(tell([photo], '--style', 'fairytale', '--bar-captions', tiny.at('bar.txt')), [`fabula: ${says}\n`]);
  expect(await fabula(...tell([photo], '--style', 'fairytale', '--bar-captions', tiny.at('bar.txt'), '--bad', 'skip'))).toEqual({ code: 0, stdout: '', stderr: `fabula: left out: ${says}\n` });
  await writeFile(tiny.at('no-cake.txt'), 'cake\n');
  const { stdout } = await fabula(...tell([photo], '--style', 'fairytale', '--bar-captions', tiny.at('no-cake.txt')));
  expect(stdout.match(/^ {2}\S+ {2}/gm)).toHaveLength(5);
  expect(stdout).not.toContain('cake');
});

test('words that no passage may hold: another passage, or the word that there is none', async () => {
  const plain = JSON.parse((await fabula(...tell([photo], '--style', 'fairytale', '--text', 'none', '--json'))).stdout) as Told;
  const marks = /[\p{L}]+/u;
  const word = plain.passage.split(' ').find((token) => marks.test(token))!;
  await writeFile(tiny.at('word.txt'), `${word}\n`);
  const other = JSON.parse((await fabula(...tell([photo], '--style', 'fairytale', '--text', 'none', '--json', '--bar-words', tiny.at('word.txt')))).stdout) as Told;
  expect((other.passage ?? '').split(' ')).not.toContain(word);
  // A moderator that flags all.
  const { code, stdout } = await fabula(...tell([photo], '--style', 'fairytale', '--moderator', await flagAll(), '--show', '0'));
  expect([code, stdout]).toEqual([0, 'no passage: none of those found is long enough and passes the moderators\n']);
});

async function flagAll(): Promise<string> {
  await writeFile(tiny.at('flag.mjs'), 'export const review = () => ({ flagged: true, reasons: ["all"] });\n');
  return tiny.at('flag.mjs');
}

test('a folder with a file that is no photo: refused by its name, or gone on without', async () => {
  const refused = await fabula(...tell([mixed], '--style', 'fairytale'));
  expect([refused.code, refused.stderr]).toEqual([2, `fabula: ${tiny.at('mixed/b.jpg')}: not a photo: expected a JPEG, PNG or WebP file\n`]);
  const leftOut = `fabula: left out: ${tiny.at('mixed/b.jpg')}: not a photo: expected a JPEG, PNG or WebP file\n`;
  const { code, stdout, stderr } = await fabula(...tell([mixed], '--style', 'fairytale', '--bad', 'skip'));
  expect([code, stderr, stdout.split('\n')[0]]).toEqual([0, leftOut, tiny.at('mixed/a.jpg')]);
  const out = tiny.at('told.jsonl');
  expect(await fabula(...tell([mixed], '--style', 'fairytale', '--bad', 'skip', '--out', out))).toEqual({ code: 0, stdout: `${out}: 1 passage told, 1 that could not be told`, stderr: leftOut });
  expect(await fabula(...tell([tiny.at('mixed/a.jpg')], '--style', 'fairytale', '--style', 'logbook', '--out', out))).toEqual({ code: 0, stdout: `${out}: 1 passage told, 1 there before`, stderr: '' });
  expect(JSON.parse((await fabula(...tell([tiny.at('mixed/a.jpg')], '--style', 'fairytale', '--out', out, '--json'))).stdout)).toEqual({ out, told: 0, before: 1, without: 0, interrupted: false });
  await expectRefusal(tell([mixed], '--style', 'fairytale', '--captions', '9', '--out', out), [/told\.jsonl: holds passages in style fairytale that were told with another storyteller or other options: give another file, or delete it with .*told\.settings\.json/]);
  await expectRefusal(tell([mixed], '--style', 'fairytale', '--out', tiny.at('bar.txt')), [/bar\.txt: is there already, and line 1 is no passage: give another file/]);
  expect(await readFile(tiny.at('bar.txt'), 'utf8')).toBe('a\nan\nthe\n');
  expect((await readPassages(out)).map(({ record: { id, style } }) => [id, style])).toEqual([['a', 'fairytale'], ['a', 'logbook']]);
});

test.each([
  ['storyteller.json', '{', /storyteller\.json: the storyteller is not valid JSON/],
  ['storyteller.json', '{"format": "x"}', /storyteller\.json: format: .*found "x"/],
  ['styles/own/style.json', '{}', /own\/style\.json: format: missing/],
  ['styles/own/style.json', null, /styles\/own: the style has lost its style\.json: build it again/],
  ['styles/own/vectors.safetensors', 'abc', /own\/vectors\.safetensors: not a safetensors file/],
  ['styles/own/vectors.safetensors', null, /own\/vectors\.safetensors: cannot read weights: no such file/],
  ['styles/own/decoder', null, /own\/decoder: no checkpoint here/],
  ['captions', null, /captions\/index\.json: cannot read the index of vectors: no such file/],
  ['encoder', null, /encoder: no such file or folder: a sentence encoder is/],
  ['embedding/weights.safetensors', 'abc', /embedding\/weights\.safetensors: not a safetensors file/],
] as const)('a damaged storyteller is refused: %s = %s', async (file, content, says) => {
  const damaged = tiny.at('damaged');
  await rm(damaged, { recursive: true, force: true });
  await cp(tiny.storyteller, damaged, { recursive: true });
  if (content === null) await rm(`${damaged}/${file}`, { recursive: true });
  else await writeFile(`${damaged}/${file}`, content);
  await expectRefusal(tell([photo], '--style', 'own', '-s', damaged), [says]);
});

test('vectors, decoders and encoders of another storyteller do not fit', async () => {
  const foreign = tiny.at('foreign');
  await cp(tiny.storyteller, foreign, { recursive: true });
  const other = await tinyDecoder({ folder: tiny.folder, encoder: tiny.uni }, 'other', [tiny.passages.logbook]);
  await rm(`${foreign}/styles/own/decoder`, { recursive: true });
  await cp(`${other}/checkpoints/best`, `${foreign}/styles/own/decoder`, { recursive: true });
  await expectRefusal(tell([photo], '--style', 'own', '-s', foreign), [/the decoder of style own \(.*\): belongs to the sentence encoder uni-skip \(8 numbers, \w{8}\), but the storyteller .*foreign to combine-skip \(16 numbers/]);
  const style = JSON.parse(await readFile(`${foreign}/styles/logbook/style.json`, 'utf8')) as { encoder: { fingerprint: string; size: number } };
  await writeFile(`${foreign}/styles/logbook/style.json`, JSON.stringify({ ...style, encoder: { ...style.encoder, fingerprint: 'f'.repeat(64) } }));
  await expectRefusal(tell([photo], '--style', 'logbook', '-s', foreign), [/style logbook: belongs to the sentence encoder combine-skip \(16 numbers, ffffffff\)/]);
  await writeFile(`${foreign}/styles/logbook/style.json`, JSON.stringify({ ...style, encoder: { ...style.encoder, size: 17 } }));
  await expectRefusal(tell([photo], '--style', 'logbook', '-s', foreign), [/vectors\.safetensors: captions: expected 17 numbers; build the style again/]);
  await rm(`${foreign}/encoder`, { recursive: true });
  await cp(`${tiny.storyteller}/encoder/part-1`, `${foreign}/encoder`, { recursive: true });
  await expectRefusal(tell([photo], '--style', 'fairytale', '-s', foreign), [/foreign\/encoder: belongs to the sentence encoder uni-skip \(8 numbers/]);
});
