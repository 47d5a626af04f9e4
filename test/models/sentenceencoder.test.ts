import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { floats, ints } from '../../src/core/hosttensor.ts';
import type { PackedPrevious } from '../../src/data/packing.ts';
import { packPrevious } from '../../src/data/packing.ts';
import type { PreviousSentences } from '../../src/models/sentenceencoder.ts';
import { encodeSentences, sentenceTable, wordMemory } from '../../src/models/sentenceencoder.ts';
import { storyParameters } from '../../src/models/registry.ts';
import { initialValues } from '../../src/nn/parameters.ts';
import { expectClose, runtimes } from '../support/compare.ts';
import { FEATURES, smallModel, STEPS, WORDS } from './storybatch.ts';

const SENTENCES = [[1], [1, 4, 2], [1, 5, 6, 7, 8, 9, 10, 11, 2], [1, 2], [1, 3, 3, 4, 2]];
const padded = SENTENCES.map((ids) => Array.from({ length: STEPS }, (_, t) => ids[t] ?? 0));
const table = ints(padded.flat(), [SENTENCES.length, STEPS]);

/** State per sentence and memory, blank where there is no word, of both forms of the same sentences. */
async function readBothWays(options: Record<string, unknown>, packed: PackedPrevious) {
  const o = smallModel({ name: 'previous-sentence', ...options });
  const sizes = { features: FEATURES, vocabulary: WORDS, steps: STEPS };
  const definitions = storyParameters(o, sizes);
  const p = Object.fromEntries([...initialValues(definitions, 3)].map(([name, data]) => [name, floats(data, definitions[name]!.shape)]));
  const read = (q: Record<string, tf.Tensor>, previous: PreviousSentences, ids: tf.Tensor) => [previous, sentenceTable(o, ids)].map((form) => ({
    mask: form.mask,
    state: encodeSentences(q, o, form, false),
    ...(o.previous.encoder === 'rnn' && { memory: tf.mul(wordMemory(q, o, form, false), tf.expandDims(form.mask, 2)) }),
  }));
  return (await (await runtimes()).cpu.jit(read)(p, packed as never, table)) as readonly Record<string, unknown>[];
}

const CELLS = [{ type: 'gru' }, { type: 'lstm' }];

test.each(CELLS)('$type: a table is read to its last words, as packed sentences are', async (cell) => {
  const [packed, plain] = await readBothWays({ cell }, packPrevious(SENTENCES, STEPS));
  expectClose(plain, packed, 1e-6);
});

test.each(CELLS)('$type: without the mask, and by filters, the padding is read too', async (cell) => {
  for (const previous of [{ mask: false }, { mask: false, encoder: 'cnn' }]) {
    const [packed, plain] = await readBothWays({ cell, previous }, packPrevious(padded, STEPS));
    expectClose(plain, packed, 1e-6);
  }
  const [masked] = await readBothWays({ cell }, packPrevious(SENTENCES, STEPS));
  const [unmasked] = await readBothWays({ cell, previous: { mask: false } }, packPrevious(padded, STEPS));
  expect(() => expectClose(unmasked!['state'], masked!['state'], 1e-3)).toThrow('largest difference');
});
