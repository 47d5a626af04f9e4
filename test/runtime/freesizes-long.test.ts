import { expect, test } from 'vitest';
import { standInTelling, tellingSizes, packTelling } from '../../src/data/sentencepacking.ts';
import { floats } from '../../src/core/hosttensor.ts';
import { withRows } from '../../src/data/batchsizes.ts';
import { initialValues } from '../../src/nn/parameters.ts';
import { passageDecoderSchema, passageLoss, passageParameters } from '../../src/models/passagedecoder.ts';
import type { PassageBatch } from '../../src/models/passagedecoder.ts';
import { openRuntime } from '../../src/runtime/jit.ts';

/** Sizes of many steps were once ambiguous: of 62 to 78, 98 to 118 and 142 to 166 of them. */
test.each([63, 70, 101, 110, 150])('a passage decoder of %d steps has free sizes', async (steps) => {
  const model = passageDecoderSchema.parse({ units: 4, embedding: { size: 3 } });
  const definitions = passageParameters(model, { vector: 5, vocabulary: 9 });
  const parameters = Object.fromEntries([...initialValues(definitions, 1)].map(([name, data]) => [name, floats(data, definitions[name]!.shape)]));
  const runtime = await openRuntime();
  const loss = runtime.jit((p: Record<string, never>, batch: PassageBatch) => passageLoss(p, model, batch, false), {
    free: {
      of: ([, batch]) => [batch.vectors.shape[0]!, ...tellingSizes(batch.passages as never, steps)],
      standIn: ([p, batch], draw) => {
        const count = draw();
        return [p, { vectors: withRows(batch.vectors, count), passages: standInTelling(batch.passages as never, count, steps, draw) }] as never;
      },
    },
  });
  const batch = (lengths: readonly number[]): never => ({
    vectors: floats(new Float32Array(5 * lengths.length).fill(0.1), [lengths.length, 5]),
    passages: packTelling(lengths.map((length) => Array.from({ length }, (_, i) => 4 + (i % 5)))),
  }) as never;
  const sum = async (lengths: readonly number[]): Promise<number> => ((await loss(parameters as never, batch(lengths))) as unknown as { data: Float32Array }).data[0]!;
  const [both, first, second] = [await sum([3, steps - 1]), await sum([3]), await sum([steps - 1])];
  expect(both / (first + second)).toBeCloseTo(1, 4);
  await runtime.dispose();
}, 60_000);
