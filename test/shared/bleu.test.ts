import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { evaluate } from '../../src/cli/evaluate.ts';

const metrics = fileURLToPath(new URL('../../../shared/data/metrics', import.meta.url));
const there = existsSync(metrics);
if (!there) console.log(`skipped: VIST-seq2seq's BLEU, because ${metrics} is not there`);

// Moses' multi-bleu.perl prints this for the same files.
const STANDARD = {
  'run-a': 'BLEU = 1.92, 33.3/5.2/0.8/0.2 (BP=0.860, ratio=0.869, hyp_len=243679, ref_len=280566)',
  'run-b': 'BLEU = 1.68, 30.3/4.5/0.7/0.2 (BP=0.865, ratio=0.873, hyp_len=245022, ref_len=280566)',
};

// sacreBLEU 2.6.0: `sacrebleu references -i hypotheses -w 2 --format text`.
const SACREBLEU = {
  'run-a': 'BLEU = 2.75 33.3/6.2/1.5/0.3 (BP = 0.855 ratio = 0.865 hyp_len = 252420 ref_len = 291980)',
  'run-b': 'BLEU = 2.42 29.8/5.3/1.2/0.3 (BP = 0.880 ratio = 0.886 hyp_len = 258771 ref_len = 291980)',
};

test.skipIf(!there).each(['run-a', 'run-b'] as const)('%s of VIST-seq2seq: the line its own tool printed', async (run) => {
  const files = { hypotheses: `${metrics}/${run}/hypotheses.story.valid.txt`, references: [`${metrics}/references.story.valid.txt`] };
  const scores = await evaluate({ ...files, protocol: 'vist-seq2seq' });
  expect(scores.bleuLine).toBe((await readFile(`${metrics}/${run}/bleu.txt`, 'utf8')).trim());
  expect(scores.counts.segments).toBe(4990);
  expect((await evaluate({ ...files, protocol: 'single-reference' })).bleuLine).toBe(STANDARD[run]);
  expect((await evaluate({ ...files, protocol: 'sacrebleu' })).bleuLine).toBe(SACREBLEU[run]);
}, 30_000);
