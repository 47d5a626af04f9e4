import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { readStories } from '../../src/data/stories.ts';
import type { TinyBook } from '../telling/tinybook.ts';
import { tinyBook } from '../telling/tinybook.ts';
import { builtProgram } from './built.ts';
import { expectRefusal, fabula } from './fabula.ts';

const COMMANDS = ['demo', 'prepare', 'storybook', 'cnn', 'extract', 'train', 'tell', 'generate', 'evaluate', 'retrieval', 'runs', 'compare', 'report', 'sweep', 'export', 'doctor'];

/** The built program as a process of its own. */
async function run(...words: string[]): Promise<{ code: number; stdout: string; stderr: string; seconds: number }> {
  const program = await builtProgram();
  const begun = performance.now();
  const seconds = (): number => (performance.now() - begun) / 1000;
  return promisify(execFile)(process.execPath, [program, ...words]).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr, seconds: seconds() }),
    (error: { code: number; stdout: string; stderr: string }) => ({ code: error.code, stdout: error.stdout, stderr: error.stderr, seconds: seconds() }));
}

describe('as a process', () => {
  beforeAll(async () => void (await builtProgram()), 60_000);

  test('--help lists every command, within half a second', async () => {
    const times: number[] = [];
    // The quickest of a few: other tests run beside this one.
    do {
      const { code, stdout, stderr, seconds } = await run('--help');
      expect([code, stderr]).toEqual([0, '']);
      for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^  fabula ${command} `, 'm'));
      times.push(seconds);
    } while (Math.min(...times) > 0.5 && times.length < 8);
    expect(Math.min(...times)).toBeLessThan(0.5);
  }, 20_000);

  test('errors are one line, without a stack, with exit code 2', async () => {
    expect(await run('tel', 'a.jpg')).toMatchObject({ code: 2, stdout: '', stderr: 'fabula: tel: there is no such command: did you mean tell?\n' });
    expect(await run('train', 'none.yaml')).toMatchObject({ code: 2, stdout: '', stderr: 'fabula: none.yaml: cannot read the configuration: no such file or folder\n' });
  }, 20_000);
});

test.each(COMMANDS)('%s --help has an example', async (command) => {
  const { code, stdout, stderr } = await fabula(command, '--help');
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(new RegExp(`Examples:\\n +fabula ${command} `));
});

test('--version', async () => {
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  expect(await fabula('--version')).toEqual({ code: 0, stdout: version, stderr: '' });
});

test.each<[string, string[], (string | RegExp)[]]>([
  ['nothing', [], ['no command given; fabula --help shows how it is used']],
  ['an unknown command', ['sing'], ['sing: there is no such command']],
  ['a command misspelled', ['evalute', 'x'], ['evalute: there is no such command: did you mean evaluate?']],
  ['an unknown option', ['tell', 'a.jpg', '-c', 'x', '--colour', 'red'], ['Unknown argument: colour; fabula tell --help']],
  ['a missing option', ['tell', 'a.jpg'], ['Missing required argument: checkpoint; fabula tell --help']],
  ['a missing argument', ['evaluate', '--references', 'x'], ['Not enough non-option arguments', 'fabula evaluate --help']],
  ['an argument too many', ['train', 'a.yaml', 'b.yaml'], ['Unknown argument: b.yaml']],
  ['an option without its value', ['tell', 'a.jpg', '-c'], ['Not enough arguments following: c']],
  ['a choice that is none', ['generate', 'x', '-c', 'x', '--features', 'x', '-o', 'x', '--strategy', 'best'], [/strategy, Given: "best", Choices: "greedy", "beam", "sample"/]],
  ['a word for a number', ['prepare', '--words', 'x', '--output', 'o'], ['--words: expected a whole number from 1, found NaN']],
  ['a word for a number of threads', ['tell', 'a.jpg', '-c', 'x', '--threads', 'many'], ['--threads NaN: give a whole number, 0 or more']],
  ['a number out of range', ['tell', 'a.jpg', '-c', 'x', '--beam', '0'], ['beam: ', 'found 0']],
  ['half a story', ['generate', 'x', '-c', 'x', '--features', 'x', '-o', 'x', '--limit', '0.5'], ['--limit 0.5: give a whole number, 1 or more']],
  ['nothing to train', ['train'], ['nothing to train: give a configuration file, or --resume RUN']],
])('%s: one line, exit code 2', async (_, words, says) => {
  await expectRefusal(words, says);
});

test('JSON of another shape is refused with the path of the field', async () => {
  const wrong = join(book.folder, 'wrong.json');
  const annotations = JSON.parse(await readFile(book.at('book', 'val.story-in-sequence.json'), 'utf8')) as { annotations: [{ photo_flickr_id: unknown }][] };
  annotations.annotations[7]![0].photo_flickr_id = null;
  await writeFile(wrong, JSON.stringify(annotations));
  await expectRefusal(['prepare', '--train', wrong, '--output', book.at('never')], [/wrong\.json: annotations\[7\]\[0\]\.photo_flickr_id: expected a string, found null/]);
  await writeFile(wrong, '{"annotations": [');
  await expectRefusal(['prepare', '--train', wrong, '--output', book.at('never')], [/wrong\.json: VIST stories is not valid JSON: /]);
});

describe('train --dry-run', () => {
  test('prints a configuration that loads again to the same', async () => {
    const first = await fabula('train', join(book.run, 'config.json'), '--dry-run', '--set', 'model.cell.type=lstm', '--set', 'optimizer.clip_norm=2');
    expect([first.code, first.stderr]).toEqual([0, '']);
    expect(first.stdout).toMatch(/^ {4}type: lstm$/m);
    const file = book.at('again.yaml');
    await writeFile(file, first.stdout);
    expect(await fabula('train', file, '--dry-run')).toEqual(first);
    expect(JSON.parse(await readFile(join(book.run, 'config.json'), 'utf8'))).toMatchObject({ optimizer: { clip_norm: null } });
  });

  test('checks as a run would', async () => {
    await expectRefusal(['train', join(book.run, 'config.json'), '--dry-run', '--set', 'model.photos.unit=3'], ['model.photos.unit: there is no such key: did you mean model.photos.units?']);
  });
});

describe('tell', () => {
  const tell = (photos: readonly string[], ...more: string[]): string[] => ['tell', ...photos, '-c', book.run, '--threads', '1', ...more];

  test('four photos', async () => {
    await expectRefusal(tell(photos.slice(0, 4)), ['a story is told of five photos, 4 given']);
  });

  test('a text file called .jpg, an empty and a missing one: named', async () => {
    const [text, empty] = [book.at('words.jpg'), book.at('empty.jpg')];
    await writeFile(text, 'Once upon a time');
    await writeFile(empty, '');
    for (const bad of [text, empty, book.at('none.jpg')]) await expectRefusal(tell([...photos.slice(0, 4), bad]), [bad]);
  });

  test('a missing CNN', async () => {
    await expectRefusal(tell(photos, '--cnn', book.at('none.onnx')), [/none\.onnx: cannot read the weights: no such file/]);
  });

  test('a missing checkpoint', async () => {
    await expectRefusal(['tell', ...photos, '-c', book.at('none')], [/none: no checkpoint here: give a run folder or a folder with weights\.safetensors/]);
  });
});

let book: TinyBook;
let photos: string[];

beforeAll(async () => {
  book = await tinyBook();
  const stories = await readStories(book.at('data', 'val.h5'));
  photos = stories.imageIds[0]!.map((id) => book.at('book', 'photos', 'val', `${id}.jpg`));
}, 60_000);
