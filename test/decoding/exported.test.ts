import { describe, expect, test } from 'vitest';
import type { HostTensor } from '../../src/core/hosttensor.ts';
import { floats, ints } from '../../src/core/hosttensor.ts';
import { Random } from '../../src/core/random.ts';
import type { ExportedFile, ExportedPart } from '../../src/decoding/exported.ts';
import { EXPORTED_PARTS, exportedFunctions, exportStoryModel } from '../../src/decoding/exported.ts';
import { Teller } from '../../src/decoding/teller.ts';
import type { StoryModelOptions } from '../../src/models/options.ts';
import { storyParameters } from '../../src/models/registry.ts';
import { initialValues } from '../../src/nn/parameters.ts';
import type { FloatTensors } from '../../src/runtime/arena.ts';
import type { Session } from '../../src/runtime/session.ts';
import { openSession } from '../../src/runtime/session.ts';
import { previousForm } from '../../src/training/network.ts';
import { FEATURES, smallModel, STEPS, WORDS } from '../models/storybatch.ts';
import { expectClose, randomFloats, runtimes } from '../support/compare.ts';
import { decoding } from './toymodel.ts';

const SIZES = { features: FEATURES, vocabulary: WORDS, steps: STEPS };
const hard = { gates: 'hard', reset: 'before' };

/** Every option that changes what the files compute is in at least one, for both cells where they differ. */
const VARIANTS: Record<string, Record<string, unknown>> = {
  'encoder-decoder': { name: 'encoder-decoder' },
  'encoder-decoder, lstm, three layers, reversed': { name: 'encoder-decoder', cell: { type: 'lstm' }, decoder: { layers: 3 }, photos: { reverse: true, last: 5 } },
  'encoder-decoder, zeros for absent photos, length one': { name: 'encoder-decoder', photos: { masking: false, layers: 2, normalise: 'l2' } },
  'previous sentence': { name: 'previous-sentence' },
  'previous sentence, lstm, two layers': { name: 'previous-sentence', cell: { type: 'lstm' }, decoder: { layers: 2 } },
  'previous sentence, as coded': { name: 'previous-sentence', cell: hard, previous: { mask: false } },
  'previous sentence, lstm, padded': { name: 'previous-sentence', cell: { type: 'lstm', gates: 'hard' }, previous: { mask: false } },
  'previous sentence, cnn': { name: 'previous-sentence', previous: { encoder: 'cnn' } },
  'previous sentence, lstm, cnn': { name: 'previous-sentence', cell: { type: 'lstm' }, previous: { encoder: 'cnn' } },
  attention: { name: 'attention' },
  'attention, lstm, two layers': { name: 'attention', cell: { type: 'lstm' }, decoder: { layers: 2 } },
  'attention, as coded': { name: 'attention', cell: hard, attention: { score: 'rank-one', feed: 'state' }, previous: { mask: false } },
  'attention, lstm, concat, fed into the state': { name: 'attention', cell: { type: 'lstm' }, attention: { score: 'concat', feed: 'state' } },
  'attention, dot, fed nowhere': { name: 'attention', attention: { score: 'dot', feed: 'none' } },
};

type Tensors = Record<string, HostTensor>;

/** Random weights, large enough that every word and every photo tells. */
function randomWeights(model: StoryModelOptions): FloatTensors {
  const definitions = storyParameters(model, SIZES);
  const random = new Random('weights');
  return Object.fromEntries([...initialValues(definitions, 2)].map(([name, data]) => {
    const values = data.map((x) => (/mean$|scale$/.test(name) ? random.between(0.5, 1) : /bias$/.test(name) ? x + random.between(-0.3, 0.3) : 3 * x));
    return [name, floats(values, definitions[name]!.shape) as never];
  }));
}

interface Opened { readonly model: StoryModelOptions; readonly weights: FloatTensors; readonly files: Readonly<Record<ExportedPart, ExportedFile>>; readonly run: Record<ExportedPart, Session['run']> }

async function open(options: Record<string, unknown>): Promise<Opened> {
  const model = smallModel(options);
  const weights = randomWeights(model);
  const files = exportStoryModel(model, SIZES, weights);
  const run = {} as Record<ExportedPart, Session['run']>;
  for (const part of EXPORTED_PARTS) {
    const session = await openSession(files[part].bytes, { device: 'cpu', threads: 1 });
    expect(session.inputs).toEqual(files[part].inputs.map(({ name, shape }) => ({ name, shape })));
    expect(session.outputs).toEqual(files[part].outputs.map(({ name, shape }) => ({ name, shape })));
    run[part] = (feeds) => session.run(feeds);
  }
  return { model, weights, files, run };
}

/** Sentences of every length, START alone first. */
function previousRows(rows: number, random: Random): HostTensor {
  const ids = new Int32Array(rows * STEPS);
  for (let row = 0; row < rows; row++) {
    const length = (row * 3) % (STEPS - 1);
    ids[row * STEPS] = 1;
    for (let t = 1; t <= length; t++) ids[row * STEPS + t] = 3 + random.int(WORDS - 3);
    if (row > 0) ids[row * STEPS + length + 1] = 2;
  }
  return ints(ids, [rows, STEPS]);
}

const reads = (file: ExportedFile, name: string): boolean => file.inputs.some((input) => input.name === name);

/** What the decoder reads next: new states under their old names, the memory as it is. */
function fedBack(before: Tensors, after: Tensors): Tensors {
  const next = Object.entries(after).filter(([name]) => name.startsWith('next_')).map(([name, tensor]) => [name.slice('next_'.length), tensor]);
  return { ...before, ...Object.fromEntries(next) };
}

describe.each(Object.entries(VARIANTS))('%s', (_, options) => {
  test('every file gives what the functions give on the CPU backend, for any number of rows', async () => {
    const { model, weights, files, run } = await open(options);
    const { cpu } = await runtimes();
    const random = new Random('rows');
    const both = async (part: ExportedPart, feeds: Tensors): Promise<Tensors> => {
      const [found, expected] = [await run[part](feeds), await cpu.jit(exportedFunctions(model)[part])(weights, feeds)];
      expectClose(found, expected, 1e-5, part);
      expect(Object.keys(found).sort()).toEqual(Object.keys(expected).sort());
      return found;
    };
    for (const rows of [1, 2, 7]) {
      await both('encoder', { photos: randomFloats(random, [rows, 5, FEATURES]) });
      const width = files.encoder.outputs[0]!.shape.at(-1) as number;
      const previous = reads(files.start, 'previous') ? { previous: previousRows(rows, random) } : {};
      let given = await both('start', { photo_state: randomFloats(random, [rows, width]), ...previous });
      for (let step = 0; step < 2; step++) {
        const tokens = ints(Array.from({ length: rows }, () => random.int(WORDS)), [rows]);
        given = fedBack(given, await both('decoder', { tokens, ...given }));
      }
    }
  });

  test('greedy telling through the files is that of the teller', async () => {
    const { model, weights, files, run } = await open(options);
    const stories = 3;
    const photos = randomFloats(new Random('photos'), [stories, 5, FEATURES], -3, 3);
    const teller = new Teller({ runtime: (await runtimes()).onnx, options: model, sizes: SIZES, parameters: weights, previous: previousForm(model), frozen: true });
    const told = await teller.tell(photos.data, stories, decoding({ strategy: 'greedy' }));
    expect(new Set(told.flatMap(({ sentences }) => sentences.map(({ ids }) => ids.join(' ')))).size, 'sentences differ').toBeGreaterThan(1);
    const states = (await run.encoder({ photos }))['photo_states']!;
    for (const [story, { sentences }] of told.entries()) {
      let before: number[] = [];
      for (const [position, { ids, logProbability }] of sentences.entries()) {
        const width = states.shape[2]!;
        const from = (story * 5 + position) * width;
        const photo_state = floats((states.data as Float32Array).subarray(from, from + width), [1, width]);
        const previous = ints(Array.from({ length: STEPS }, (_, t) => [1, ...before][t] ?? 0), [1, STEPS]);
        const found = await tellSentence(run, { photo_state, ...(reads(files.start, 'previous') && { previous }) });
        expect(found.ids).toEqual(ids);
        expect(found.logProbability).toBeCloseTo(logProbability, 4);
        before = [...ids, 2];
      }
    }
    await teller.dispose();
  });
});

async function tellSentence(run: Opened['run'], begin: Tensors): Promise<{ ids: number[]; logProbability: number }> {
  let given: Tensors = await run.start(begin);
  const ids: number[] = [];
  let [token, logProbability] = [1, 0];
  while (token !== 2 && ids.length < STEPS - 2) {
    const after = await run.decoder({ tokens: ints([token], [1]), ...given });
    const scores = after['log_probabilities']!.data as Float32Array;
    const allowed = Array.from(scores.keys()).filter((id) => id > 3 || (id === 2 && ids.length > 0));
    token = allowed.reduce((best, id) => (scores[id]! > scores[best]! ? id : best));
    logProbability += scores[token]!;
    if (token !== 2) ids.push(token);
    given = fedBack(given, after);
  }
  return { ids, logProbability };
}

test('attention weights are over the words of the previous sentence', async () => {
  const { files, run } = await open({ name: 'attention' });
  expect(files.start.inputs).toEqual([{ name: 'photo_state', dtype: 'float32', shape: ['rows', 6] }, { name: 'previous', dtype: 'int32', shape: ['rows', STEPS] }]);
  expect(files.decoder.inputs.map(({ name }) => name)).toEqual(['tokens', 'state0', 'attended', 'memory_values', 'memory_keys', 'memory_bias']);
  expect(files.decoder.outputs.map(({ name, shape }) => [name, shape])).toEqual([
    ['log_probabilities', ['rows', WORDS]], ['next_state0', ['rows', 6]], ['next_attended', ['rows', 6]], ['attention', ['rows', STEPS]]]);
  const begun = await run.start({ photo_state: randomFloats(new Random('one'), [1, 6]), previous: ints([1, 5, 7, 2, 0, 0, 0, 0, 0], [1, STEPS]) });
  const { attention } = await run.decoder({ tokens: ints([1], [1]), ...begun });
  const weights = [...attention!.data as Float32Array];
  expect(weights.slice(0, 4).every((weight) => weight > 0)).toBe(true);
  expect(weights.slice(4)).toEqual([0, 0, 0, 0, 0]);
  expect(weights.reduce((sum, weight) => sum + weight)).toBeCloseTo(1, 6);
});

test('parameters of another model are refused by name', () => {
  const small = randomWeights(smallModel({ name: 'attention' }));
  const wide = smallModel({ name: 'attention', photos: { units: 8 }, previous: { units: 8 } });
  expect(() => exportStoryModel(wide, SIZES, small)).toThrow('photos.0.input is [7, 18] where the model needs [7, 24]');
  expect(() => exportStoryModel(smallModel({ name: 'attention', cell: { type: 'lstm' } }), SIZES, {})).toThrow('embedding is missing where the model needs [12, 5]');
});
