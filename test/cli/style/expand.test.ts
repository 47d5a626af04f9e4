import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exists } from '../../../src/core/files.ts';
import { tinyModel, WORDS, writeTinyModel, writeTinyVectors } from '../../style/encoders/tinymodel.ts';
import { expectRefusal, fabula } from '../fabula.ts';

test('says what was gained, with the memory stated before', async () => {
  const { run, vectors } = await tinyModel();
  const { code, stdout, stderr } = await fabula('style', 'expand', run, '--vectors', vectors);
  expect(stderr).toMatch(/^fabula: 4\d word vectors of 4 numbers: needs [\d.]+ kB, [^\n]+ free\n$/);
  expect([code, stdout]).toEqual([0, [
    `${join(run, 'expansion')}: 15 words gained beside the model's 25`,
    '  fitted to 25 shared words, 4 to 3 numbers (least squares)',
    '  held-out R2 1.000 on 2 of them',
  ].join('\n')]);
  const again = await fabula('style', 'expand', run, '--vectors', vectors, '--limit', '30', '--ridge', '0.5', '--no-phrases');
  expect(again.stdout).toMatch(/: 5 words gained .*\n.*\(least squares, ridge 0\.5\)\n.*\n {2}replaces an expansion by 15 words of 4 numbers$/);
});

test('--json has the figures', async () => {
  const { run, vectors } = await tinyModel();
  const { stdout } = await fabula('style', 'expand', run, '--vectors', vectors, '--json');
  expect(JSON.parse(stdout)).toMatchObject({ folder: join(run, 'expansion'), own: 25, added: 15, shared: 25, inputs: 4, outputs: 3, ridge: 0, method: expect.any(String), heldOut: { words: 2 }, replaced: null });
});

test('refusals are one line', async () => {
  const { run, vectors, at } = await tinyModel();
  await expectRefusal(['style', 'expand', run, '--vectors', vectors, '--limit', '0'], ['--limit 0: give a whole number, 1 or more']);
  await expectRefusal(['style', 'expand', await writeTinyModel(at('joint'), WORDS, { task: 'image-sentence' }), '--vectors', vectors], ['task image-sentence']);
  await expectRefusal(['style', 'expand', run, '--vectors', at('gone')], ['gone: cannot read word vectors']);
  const few = await fabula('style', 'expand', run, '--vectors', await writeTinyVectors(at('few.txt'), WORDS.slice(22)));
  expect([few.code, few.stdout]).toEqual([2, '']);
  expect(few.stderr).toMatch(/^fabula: 1?\d+ word vectors[^\n]+\nfabula: vocabulary expansion: 3 words are both [^\n]+\n$/);
  expect(await exists(join(run, 'expansion'))).toBe(false);
});
