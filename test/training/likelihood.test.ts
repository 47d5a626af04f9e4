import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { watch } from '../../src/cli/watching.ts';
import { optimizerSchema } from '../../src/optim/optimizer.ts';
import { ParameterArena } from '../../src/runtime/arena.ts';
import { readRun } from '../../src/tracking/runrecord.ts';
import type { TrainingState } from '../../src/training/checkpointfiles.ts';
import { NOT_BEGUN, readState, writeCheckpoint } from '../../src/training/checkpointfiles.ts';
import { loopShape, runShape, runtimeSchema } from '../../src/training/config.ts';
import { inspectRun } from '../../src/training/rescue.ts';
import { resultOf } from '../../src/training/result.ts';
import { resumeTask, trainTask } from '../../src/training/run.ts';
import type { RunConfig, TrainingKind } from '../../src/training/task.ts';

/** A training of one number, whose loss is 0.5. */
function kindOf(likelihood: boolean | undefined): TrainingKind {
  return {
    task: 'number',
    schema: z.object({
      task: z.literal('number'), ...runShape, optimizer: optimizerSchema.prefault({}),
      training: z.object({ ...loopShape }).prefault({}), runtime: runtimeSchema.prefault({}),
    }) as unknown as z.ZodType<RunConfig>,
    open: async () => {
      const arena = new ParameterArena({ number: { shape: [1], trainable: true } }, 2);
      return {
        title: 'a number', ...(likelihood !== undefined && { likelihood }),
        records: async () => ({}), keep: async () => {}, close: async () => {},
        learner: {
          arena,
          initialise: async () => {},
          restore: readState,
          epoch: () => ({ length: 1, from: (first) => [0].slice(first) }),
          lossAndGradients: async () => ({ loss: 0.5, words: 1 }),
          validationLoss: async () => 0.5,
          save: (folder: string, state: TrainingState) => writeCheckpoint(folder, { head: { optimizer: 'adam', task: 'number' } as { optimizer: 'adam' }, arena, state }),
          close: async () => {},
        },
      };
    },
  };
}

async function trained(likelihood: boolean | undefined): Promise<{ folder: string; result: Record<string, unknown>; lines: string[] }> {
  const lines: string[] = [];
  const runs = await mkdtemp(join(tmpdir(), 'fabula-likelihood-'));
  const { folder } = await trainTask(kindOf(likelihood), {
    config: { task: 'number', name: 'n', seed: 1, training: { epochs: 2 }, runtime: { threads: 1 } }, runs,
    events: (open) => watch(open, async () => [], { print: (line) => lines.push(line), every: undefined }),
  });
  return { folder, lines, result: JSON.parse(await readFile(join(folder, 'result.json'), 'utf8')) as Record<string, unknown> };
}

test.each([undefined, true])('a likelihood of %s gives a perplexity', async (likelihood) => {
  const { result, lines, folder } = await trained(likelihood);
  expect(result['perplexity']).toBe(Math.exp(0.5));
  expect(lines[1]).toMatch(/ val_loss 0\.5000 {2}perplexity 1\.6 {2}/);
  expect((await readRun(folder)).perplexity).toBe(Math.exp(0.5));
});

test('a loss that is none gives no perplexity: in result, lines and lists, also resumed and rescued', async () => {
  const { result, lines, folder } = await trained(false);
  expect(result).toMatchObject({ validation_loss: 0.5, perplexity: null });
  expect(lines[1]).toMatch(/ val_loss 0\.5000 {2}\d.* s/);
  expect(await readRun(folder)).toMatchObject({ val_loss: 0.5, perplexity: null });
  const resumed = await resumeTask(kindOf(false), folder);
  expect(resumed.result).toMatchObject({ perplexity: null, best_epoch: 1 });
  await rm(join(folder, 'result.json'));
  for (const { file, repair } of await inspectRun(folder)) if (file === 'result.json') await repair!();
  expect(JSON.parse(await readFile(join(folder, 'result.json'), 'utf8'))).toMatchObject({ validation_loss: 0.5, perplexity: null });
});

test('before the first epoch there is no number, either way', () => {
  expect([resultOf(NOT_BEGUN, 1, 'interrupted').perplexity, resultOf(NOT_BEGUN, 1, 'interrupted', false).perplexity]).toEqual([NaN, null]);
});
