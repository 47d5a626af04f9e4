import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { beforeAll, expect, test, vi } from 'vitest';
import { exists, sha256 } from '../../../src/core/files.ts';
import type { TinyStoryteller } from '../../style/tinystoryteller.ts';
import { namesIn, tinyDecoder, tinyStoryteller } from '../../style/tinystoryteller.ts';
import { expectRefusal, fabula } from '../fabula.ts';

// Sessions are opened in every test, which takes long where other tests keep the cores busy.
vi.setConfig({ testTimeout: 30_000 });

let tiny: TinyStoryteller;

beforeAll(async () => {
  tiny = await tinyStoryteller();
  await writeFile(tiny.at('empty.txt'), '');
  await writeFile(tiny.at('short.txt'), 'short .\nvery short .\n');
  // Loads what commands need.
  await fabula(...build('first', '--passages', tiny.passages.logbook, '--longer-than', '0'));
}, 120_000);

const build = (...words: string[]): string[] => ['style', 'build', ...words, '-s', tiny.storyteller, '--threads', '1'];

test('a style is built from a corpus, listed and kept with what it was made from', async () => {
  const all = (await readFile(tiny.at('logbook/passages.txt'), 'utf8')).trim().split('\n');
  const words = (passage: string): number => passage.split(' ').length;
  // The five shortest or so: long ones take their time.
  const most = all.map(words).sort((a, b) => a - b)[4]!;
  const passages = all.filter((passage) => words(passage) <= most);
  const flags = ['--passages', tiny.corpora.logbook, '--longer-than', '0', '--max-words', String(most)];
  expect(await fabula(...build('voyages', ...flags))).toEqual({
    code: 0, stdout: `voyages: ${passages.length} passages (${40 - passages.length} left out by their length), 125 captions`, stderr: '' });
  const { stdout } = await fabula(...build('voyages', ...flags, '--decoder', tiny.ownDecoder, '--json'));
  expect(JSON.parse(stdout)).toEqual({
    name: 'voyages', encoder: { name: 'combine-skip', size: 16, fingerprint: expect.any(String) }, blend: null, decoder: 'decoder',
    captions: { sources: ['captions.json'], count: 125, left_out: 0, content: expect.any(String), filter: {} },
    passages: { sources: ['logbook'], count: passages.length, left_out: 40 - passages.length, content: sha256(`${passages.join('\n')}\n`), filter: { longer_than: 0, min_words: 0, max_words: most } },
  });
});

test('list says what styles are made of', async () => {
  const { code, stdout } = await fabula('style', 'list', '-s', tiny.storyteller);
  expect(code).toBe(0);
  expect(stdout.split('\n')).toEqual(expect.arrayContaining([
    `${tiny.storyteller}: 125 captions (captions.json), combine-skip (16 numbers)`,
    expect.stringMatching(/^ {2}fairytale: \d+ passages of sentences\.txt$/), expect.stringMatching(/^ {2}own: \d+ passages of sentences\.txt, decoder of its own$/),
    '  mixed: 0.75 fairytale + 0.25 logbook',
  ]));
  const listed = JSON.parse((await fabula('style', 'list', '-s', tiny.storyteller, '--json')).stdout) as { styles: { name: string; passageMean?: unknown }[] };
  expect(listed.styles.map(({ name }) => name)).toEqual(expect.arrayContaining(['fairytale', 'logbook', 'mixed', 'own']));
  expect(listed.styles.every((style) => style.passageMean === undefined)).toBe(true);
  await expectRefusal(['style', 'list', '-s', tiny.at('book')], [`fabula: ${tiny.at('book')}: no storyteller here: it has no storyteller.json; name its folder with --storyteller, or make one: fabula style learn, or assemble\n`]);
});

test.each([
  ['an empty file', 'empty.txt', /empty\.txt: there is no passage in it; write one a line, or make a corpus with fabula style books/],
  ['only short passages', 'short.txt', /short\.txt: none of 2 passages is longer than 100 characters with 0 to 1000 words: give others, or a weaker length filter/],
  ['no file', 'none.txt', /none\.txt: cannot read passages: no such file or folder/],
  ['a folder that is no corpus', 'book', /book: there is no passages\.txt in this folder; make a corpus with fabula style books/],
  ['a CNN', 'tiny.onnx', /tiny\.onnx: line \d+ is not valid UTF-8|tiny\.onnx: none of/],
] as const)('passages: %s is refused in one line, and no style is left', async (_, path, says) => {
  await expectRefusal(build('refused', '--passages', tiny.at(path)), [says]);
  expect((await namesIn(tiny.at('storyteller/styles'))).filter((name) => name.startsWith('refused'))).toEqual([]);
});

test('one bad file among good ones is named', async () => {
  await expectRefusal(build('refused', '--passages', tiny.at('short.txt'), tiny.at('none.txt')), [/none\.txt: cannot read passages/]);
  await expectRefusal(build('refused', '--passages', tiny.passages.logbook, tiny.at('empty.txt'), '--longer-than', '0'), [/empty\.txt: there is no passage/]);
});

test('a decoder of another encoder or another task, and names and numbers that do not do', async () => {
  const passages = ['--passages', tiny.passages.logbook, '--longer-than', '0'];
  const other = await tinyDecoder({ folder: tiny.folder, encoder: tiny.uni }, 'other', [tiny.passages.logbook]);
  await expectRefusal(build('refused', ...passages, '--decoder', other), [/other-[^ ]+: belongs to the sentence encoder uni-skip \(8 numbers, \w{8}\), but the storyteller .*\/storyteller to combine-skip \(16 numbers, \w{8}\): make both with the same/]);
  await expectRefusal(build('refused', ...passages, '--decoder', tiny.uni), [/a checkpoint of task skip-thoughts, where one of passages is needed/]);
  await expectRefusal(build('a/b', ...passages), [/a\/b: a style's name has letters, digits/]);
  await expectRefusal(build('none', ...passages), [/none: means no style at all: choose another name/]);
  await expectRefusal(build('refused', '--passages', tiny.passages.logbook, '--longer-than', '-1'), [/the length filter: longer_than: .*found -1/]);
  await expectRefusal(build('refused', ...passages, '--min-words', '5', '--max-words', '4'), [/--min-words 5: more than --max-words 4/]);
  await expectRefusal(['style', 'build', 'refused', ...passages, '-s', tiny.at('nowhere')], [/nowhere: no storyteller here: it has no storyteller\.json; name its folder/]);
  expect(await exists(tiny.at('storyteller/styles/refused'))).toBe(false);
});

test('blend mixes styles, and refuses in one line', async () => {
  expect(await fabula('style', 'blend', 'b', 'fairytale=3', 'logbook=1', '-s', tiny.storyteller)).toEqual({ code: 0, stdout: 'b: fairytale 0.750, logbook 0.250', stderr: '' });
  for (const [words, says] of [
    [['fairytale'], /fairytale: write a part of a blend as STYLE=WEIGHT, for example romance=0\.7/],
    [['fairytale=much'], /fairytale=much: write a part of a blend/],
    [['fairytal=1'], /there is no style fairytal: did you mean fairytale\?/],
    [['fairytale=1', 'logbook=-1'], /the weights of a blend must have a sum above 0, not 0/],
    [['fairytale=1', '--decoder-of', 'logbook'], /logbook: the style has no decoder of its own: leave out --decoder-of/],
  ] as const) await expectRefusal(['style', 'blend', 'refused', ...words, '-s', tiny.storyteller], [says]);
});

test.each([
  ['caption-mean/style.json', null, /caption-mean\/style\.json: cannot read the style: no such file/],
  ['caption-mean/vectors.safetensors', 'x', /caption-mean\/vectors\.safetensors: not a safetensors file/],
  ['storyteller.json', '{"format":', /storyteller\.json: the storyteller is not valid JSON/],
  ['encoder/encoder.json', '{}', /encoder\/encoder\.json: format: missing/],
] as const)('a damaged storyteller is refused: %s', async (file, content, says) => {
  const damaged = tiny.at('damaged');
  await rm(damaged, { recursive: true, force: true });
  await cp(tiny.storyteller, damaged, { recursive: true });
  if (content === null) await rm(`${damaged}/${file}`);
  else await writeFile(`${damaged}/${file}`, content);
  await expectRefusal(['style', 'build', 'refused', '--passages', tiny.passages.logbook, '-s', damaged, '--longer-than', '0'], [says]);
});
