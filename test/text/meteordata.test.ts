import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FILES, TABLE, writeDistribution } from '../evaluation/meteor/distribution.ts';
import { readMeteorData } from '../../src/text/meteordata.ts';
import { readParaphrases } from '../../src/text/paraphrasefile.ts';
import { readWordNetData } from '../../src/text/wordnetdata.ts';

let root: string;
beforeAll(async () => void (root = await mkdtemp(join(tmpdir(), 'fabula-meteordata-'))));
afterAll(() => rm(root, { recursive: true }));

const oneLine = (error: unknown): string => {
  expect((error as Error).name).toBe('UserError');
  expect((error as Error).message).not.toContain('\n');
  return (error as Error).message.replaceAll(root, '.');
};

test('a distribution is found by its folder, by its jar, and in the Python package', async () => {
  const folder = await writeDistribution(join(root, 'site', 'pycocoevalcap', 'meteor'));
  for (const path of [folder, join(folder, 'meteor-1.5.jar'), join(root, 'site', 'pycocoevalcap'), join(root, 'site')]) {
    const data = await readMeteorData(path);
    expect(data.functionWords.has('the')).toBe(true);
    expect(data.prefixes).toEqual(new Map([['Mr', 'any'], ['Dr', 'any'], ['No', 'number']]));
    expect(data.paraphrases.size).toBe(TABLE.trimEnd().split('\n').length / 3);
    // Irregular forms go by their bases alone; regular ones by the first ending that leaves a known word.
    expect([...data.synonyms.setsOf('children')]).toEqual([3]);
    expect([...data.synonyms.setsOf('kids')]).toEqual([3, 4]);
    expect([...data.synonyms.setsOf('passes')]).toEqual([13]);
    expect([...data.synonyms.setsOf('pass')]).toEqual([13]);
    expect([...data.synonyms.setsOf('biggest')]).toEqual([]);
  }
});

test('paraphrases are found shorter phrases first, then in the table\'s order, then from left to right', async () => {
  const table = await writeTable('order.gz', gzipSync(['x y', 'b c', 'x', 'c', 'x', 'b', 'x y', 'c'].map((line, i) => (i % 2 === 0 ? `1\n${line}\n` : `${line}\n`)).join('')));
  const paraphrases = await readParaphrases(table);
  const line = (text: string): Int32Array => Int32Array.from(text.split(' '), (word) => paraphrases.id(word));
  const found: string[] = [];
  paraphrases.find(line('x y'), line('c b c'), (from, length, start, size) => found.push(`${from}+${length}: ${start}+${size}`));
  expect(found).toEqual(['0+1: 0+1', '0+1: 2+1', '0+1: 1+1', '0+2: 1+2', '0+2: 0+1', '0+2: 2+1']);
  // One search leaves nothing behind for the next.
  paraphrases.find(line('x'), line('y'), () => found.push('again'));
  expect(found).toHaveLength(6);
  expect(paraphrases.id('missing')).toBe(-1);
});

test('entries that cross the edges of chunks are whole', async () => {
  const words = Array.from({ length: 60_000 }, (_, i) => `wörd${i}`);
  const table = await writeTable('large.gz', gzipSync(words.map((word, i) => `0.25\n${word} a\n${words[(i + 1) % words.length]!} b\n`).join('')));
  const steps: number[] = [];
  const all = await readParaphrases(table, { onProgress: (done, total) => steps.push(done / total) });
  expect(all.size).toBe(60_000);
  expect(steps.at(-1)).toBe(1);
  const some = await readParaphrases(table, { vocabulary: ['a', 'b', 'wörd17', 'wörd18', 'wörd40'] });
  expect(some.size).toBe(1);
  for (const i of [0, 17, 31_003, 59_999]) {
    const found: number[] = [];
    all.find(Int32Array.of(all.id(`wörd${i}`), all.id('a')), Int32Array.of(all.id(`wörd${(i + 1) % 60_000}`), all.id('b')), (_, length) => found.push(length));
    expect(found).toEqual([2]);
  }
});

async function writeTable(name: string, bytes: Uint8Array): Promise<string> {
  await writeFile(join(root, name), bytes);
  return join(root, name);
}

test('what is missing or damaged is named', async () => {
  const message = async (path: string): Promise<string> => oneLine(await readMeteorData(path).catch((error: unknown) => error));
  expect(await message(join(root, 'nowhere'))).toMatch(/^\.\/nowhere: cannot read METEOR's data: /);
  await mkdir(join(root, 'empty'));
  expect(await message(join(root, 'empty'))).toBe('./empty: there is no meteor-1.5.jar in it; give the folder of a METEOR 1.5 distribution, or of the Python package pycocoevalcap');
  const broken = await writeDistribution(join(root, 'broken'));
  await writeFile(join(broken, 'meteor-1.5.jar'), 'PK nonsense');
  expect(await message(broken)).toMatch(/^\.\/broken\/meteor-1\.5\.jar: not a whole jar file: /);
  const other = await writeDistribution(join(root, 'other'), { 'function/english.words': 'the\n' });
  expect(await message(other)).toBe('./other/meteor-1.5.jar: holds no nonbreaking/english.prefixes; give the jar of METEOR 1.5');
  const half = await writeDistribution(join(root, 'half'), { ...FILES, 'synonym/english.synsets': 'dog\n1\ncat\n' });
  expect(await message(half)).toBe('./half/meteor-1.5.jar: its synonym files end within an entry; fetch it anew');
});

test('a paraphrase table that is missing, cut or something else is named', async () => {
  const message = async (path: string): Promise<string> => oneLine(await readParaphrases(path).catch((error: unknown) => error));
  expect(await message(join(root, 'none.gz'))).toMatch(/^\.\/none\.gz: METEOR's paraphrase table is not there/);
  const bytes = gzipSync(TABLE);
  expect(await message(await writeTable('cut.gz', bytes.subarray(0, bytes.length - 20)))).toMatch(/^\.\/cut\.gz: cannot read the paraphrase table: unexpected end of file/);
  expect(await message(await writeTable('text.gz', new TextEncoder().encode(TABLE)))).toMatch(/^\.\/text\.gz: cannot read the paraphrase table: incorrect header check/);
  expect(await message(await writeTable('entry.gz', gzipSync(`${TABLE}0.5\nlast\n`)))).toBe('./entry.gz: the paraphrase table ends within an entry; fetch it anew');
});

test('WordNet comes with the package', async () => {
  const { synonyms, functionWords } = await readWordNetData();
  const share = (a: string, b: string): boolean => synonyms.setsOf(a).some((set) => synonyms.setsOf(b).includes(set));
  expect(share('car', 'automobile')).toBe(true);
  expect(share('pictures', 'photographs')).toBe(true);
  expect(share('dog', 'beach')).toBe(false);
  expect(functionWords.has('the')).toBe(true);
});
