import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { evaluate } from '../../src/scoring/evaluate.ts';
import type { EvaluateOptions } from '../../src/scoring/evaluate.ts';

const metrics = fileURLToPath(new URL('../../../shared/data/metrics', import.meta.url));
const there = existsSync(metrics);
if (!there) console.log(`skipped: VIST-seq2seq's BLEU, because ${metrics} is not there`);

// Moses' multi-bleu.perl prints this for the same files.
const STANDARD = {
  'run-a': 'BLEU = 1.92, 33.3/5.2/0.8/0.2 (BP=0.860, ratio=0.869, hyp_len=243679, ref_len=280566)',
  'run-b': 'BLEU = 1.68, 30.3/4.5/0.7/0.2 (BP=0.865, ratio=0.873, hyp_len=245022, ref_len=280566)',
} as const;

// sacreBLEU 2.6.0: `sacrebleu references -i hypotheses -w 2 --format text`.
const SACREBLEU = {
  'run-a': 'BLEU = 2.75 33.3/6.2/1.5/0.3 (BP = 0.855 ratio = 0.865 hyp_len = 252420 ref_len = 291980)',
  'run-b': 'BLEU = 2.42 29.8/5.3/1.2/0.3 (BP = 0.880 ratio = 0.886 hyp_len = 258771 ref_len = 291980)',
} as const;

const RUNS = ['run-a', 'run-b'] as const;

test.skipIf(!there)('both runs of VIST-seq2seq: the lines that its own tool, multi-bleu.perl and sacreBLEU print', async () => {
  const files: Omit<EvaluateOptions, 'protocol'> = {
    hypotheses: RUNS.map((run) => `${metrics}/${run}/hypotheses.story.valid.txt`), references: [`${metrics}/references.story.valid.txt`],
    names: RUNS, metrics: ['bleu'], comparison: { resamples: 10, trials: 10 },
  };
  const own = await evaluate({ ...files, protocol: 'vist-seq2seq' });
  expect(own.segments).toHaveLength(4990);
  const [multi, sacre] = [await evaluate({ ...files, protocol: 'single-reference' }), await evaluate({ ...files, protocol: 'sacrebleu' })];
  for (const [i, run] of RUNS.entries()) {
    expect(own.systems[i]!.bleuLine).toBe((await readFile(`${metrics}/${run}/bleu.txt`, 'utf8')).trim());
    expect(multi.systems[i]!.bleuLine).toBe(STANDARD[run]);
    expect(sacre.systems[i]!.bleuLine).toBe(SACREBLEU[run]);
  }
}, 60_000);
