import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import yargs from 'yargs';
import { command } from '../../src/cli/prepare.ts';
import { vistFile } from '../data/vistfixture.ts';

const folder = await mkdtemp(join(tmpdir(), 'fabula-cli-prepare-'));
const train = join(folder, 'train.json');
await writeFile(train, JSON.stringify(vistFile(['1', '2'], (_, order) => `the dog ran ${order} .`)));

/** What the command prints. */
async function run(...args: string[]): Promise<string> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    await yargs(['prepare', ...args]).command(command).strict().exitProcess(false)
      .fail((message, error) => { throw error ?? new Error(message); }).parseAsync();
    return log.mock.calls.join('\n');
  } finally {
    log.mockRestore();
  }
}

test('a report for people, or as JSON', async () => {
  const output = join(folder, 'out');
  const text = await run('--train', train, '--output', output, '--min-count', '3');
  expect(text).toBe([
    `vocabulary  8 words from ${train} -> ${join(output, 'vocabulary.json')}`,
    `train       2 of 2 stories -> ${join(output, 'train.h5')}`,
    '            words a sentence: 5 to 5, mean 5.00; 0 sentences cut; 80.00 % of 50 words known',
  ].join('\n'));
  const report = JSON.parse(await run('--train', train, '--output', output, '--json', '--max-words', '2')) as { splits: { train: { cut: number } } };
  expect(report.splits.train.cut).toBe(10);
});

test('mistakes on the command line', async () => {
  await expect(run('--train', train)).rejects.toThrow('output');
  await expect(run('--train', train, '--output', folder, '--words', 'many')).rejects.toThrow('--words: expected a whole number from 1');
  await expect(run('--train', train, '--output', folder, '--colour', 'red')).rejects.toThrow('colour');
  await expect(run('--train', join(folder, 'no.json'), '--output', folder)).rejects.toThrow(/no\.json: cannot read VIST stories: no such file/);
});
