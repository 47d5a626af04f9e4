import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { tinyModel, WORDS } from '../../style/encoders/tinymodel.ts';
import { expectRefusal, fabula } from '../fabula.ts';

const { run, vectors, at } = await tinyModel();
await writeFile(at('sentences.txt'), `${['animal0 thing1', 'animal2 animal4', 'thing3 thing5'].join('\n')}\n`);
const nearest = (...words: string[]): ReturnType<typeof fabula> => fabula('style', 'nearest', ...words);

test('sentences near to several, of a trained model', async () => {
  const { code, stdout, stderr } = await nearest('animal6 animal8', 'thing3 thing5', '--encoder', run, '--in', at('sentences.txt'), '--k', '2', '--threads', '1');
  expect([code, stderr]).toEqual([0, '']);
  const lines = stdout.split('\n');
  expect([lines[0], lines[3]]).toEqual(['animal6 animal8', 'thing3 thing5']);
  expect(lines[1]).toMatch(/^ {3}0\.\d{4} {2}animal2 animal4$/);
  expect(lines.slice(4)).not.toContain(expect.stringContaining('thing3 thing5'));
  expect(lines).toHaveLength(6);
});

test('--json, --index and word vectors', async () => {
  const { stdout } = await nearest('animal6', '--encoder', vectors, '--in', at('sentences.txt'), '--index', at('index'), '--json');
  const output = JSON.parse(stdout) as { results: { query: string; neighbours: { text: string; similarity: number }[] }[] };
  expect(output).toMatchObject({ encoder: { name: 'mean of word vectors', size: 4 }, sentences: 3 });
  expect(output.results[0]!.neighbours.map(({ text }) => text)).toEqual(['animal2 animal4', 'animal0 thing1', 'thing3 thing5']);
  expect((await nearest('animal6', '--encoder', vectors, '--index', at('index'), '--json')).stdout).toBe(stdout);
  await expectRefusal(['style', 'nearest', 'animal6', '--encoder', run, '--index', at('index')], ['its vectors are of another encoder']);
});

test('--words', async () => {
  const { stdout } = await nearest('animal0', 'thing1', '--words', '--encoder', run, '--k', '3');
  expect(stdout).toMatch(/^animal0\n( {3}[01]\.\d{4} {2}animal\d+\n){3}thing1\n( {3}[01]\.\d{4} {2}thing\d+\n?){3}$/);
  const json = JSON.parse((await nearest('animal38', '--words', '--encoder', vectors, '--k', '1', '--json')).stdout) as { words: number; results: unknown };
  expect(json).toEqual({ words: WORDS.length, results: [{ query: 'animal38', neighbours: [{ text: expect.stringMatching(/^animal/), similarity: expect.any(Number) }] }] });
});

test.each([
  [['a', '--encoder', run], 'nothing to look among'],
  [['a', '--encoder', run, '--in', at('sentences.txt'), '--k', '0'], '--k 0: give a whole number, 1 or more'],
  [['animal0', '--words', '--encoder', run, '--in', 'x'], 'leave out --in'],
  [['animal0', '--words', '--encoder', run, '--index', 'x'], 'leave out --index'],
  [['animl0', '--words', '--encoder', run], '"animl0" is not among the 25 words; did you mean animal0?'],
  [['a', '--encoder', at('none'), '--in', 'x'], 'none: no such file or folder'],
] as const)('%j is refused', async (words, says) => {
  await expectRefusal(['style', 'nearest', ...words], [says]);
});
