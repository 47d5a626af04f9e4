import * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '../core/errors.ts';
import type { DType, HostTensor } from '../core/hosttensor.ts';
import { withRows } from '../data/batchsizes.ts';
import type { DecoderState } from '../models/decoder.ts';
import { logProbabilities, runDecoder, wordVectors } from '../models/decoder.ts';
import type { DecoderStart } from '../models/model.ts';
import type { StoryModelOptions, StorySizes } from '../models/options.ts';
import { PHOTOS } from '../models/options.ts';
import { encodePhotos } from '../models/photoencoder.ts';
import { STORY_MODELS, storyParameters } from '../models/registry.ts';
import { sentenceTable } from '../models/sentenceencoder.ts';
import type { FloatTensors } from '../runtime/arena.ts';
import { exportModel } from '../runtime/export.ts';
import { record } from '../runtime/record.ts';

/**
 * A story model as three `.onnx` files that need nothing of Fabula. S = stories, R = rows: sentences told side by side.
 *
 *   encoder:  photos [S, 5, F] -> photo_states [S, 5, W]
 *   start:    photo_state [R, W], previous [R, steps] -> state0 .. [R, D], attended, memory_values, memory_keys, memory_bias
 *   decoder:  tokens [R] and all that start gives -> log_probabilities [R, words], next_state0 .., next_attended, attention [R, steps]
 *
 * What a model does not have is not there: `previous` and the memory, `attended` without feed "input".
 */
export type Named = Record<string, tf.Tensor>;

export const EXPORTED_PARTS = ['encoder', 'start', 'decoder'] as const;
export type ExportedPart = (typeof EXPORTED_PARTS)[number];

/** A tensor that goes in or comes out; an axis of any length has a name. */
export interface ExportedTensor {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly (number | string)[];
}

export interface ExportedFile {
  /** The `.onnx` file. */
  readonly bytes: Uint8Array;
  readonly inputs: readonly ExportedTensor[];
  readonly outputs: readonly ExportedTensor[];
}

/** What each file computes, by the names its tensors have there. */
export function exportedFunctions(o: StoryModelOptions): Readonly<Record<ExportedPart, (p: Named, inputs: Named) => Named>> {
  return {
    encoder(p, { photos }) {
      const [stories, , features] = photos!.shape as [number, number, number];
      const states = encodePhotos(p, o, tf.reshape(photos!, [stories * PHOTOS, features]), false);
      return { photo_states: tf.reshape(states, [stories, PHOTOS, states.shape[1]]) };
    },
    start(p, { photo_state, previous }) {
      const sentences = previous && sentenceTable(o, previous);
      return namedStart(STORY_MODELS[o.name].start(p, o, photo_state as tf.Tensor2D, sentences, false));
    },
    decoder(p, { tokens, ...before }) {
      const { state, memory } = startNamed(before);
      const { outputs, state: after, weights } = runDecoder(p, o, wordVectors(p, tokens!), [tokens!.shape[0]!], state, memory, false);
      const next = Object.fromEntries(Object.entries(namedState(after)).map(([name, tensor]) => [`next_${name}`, tensor]));
      return { log_probabilities: logProbabilities(p, outputs), ...next, ...(weights && { attention: weights }) };
    },
  };
}

/**
 * The files of a model, with its weights in them.
 * @param metadata texts kept in every file
 * @throws ShapeError when the parameters are those of another model
 */
export function exportStoryModel(o: StoryModelOptions, sizes: StorySizes, parameters: FloatTensors, metadata: Readonly<Record<string, string>> = {}): Readonly<Record<ExportedPart, ExportedFile>> {
  requireParameters(storyParameters(o, sizes), parameters);
  const functions = exportedFunctions(o);
  const file = (part: ExportedPart, axis: string, inputs: readonly RowInput[]): ExportedFile =>
    exportPart(functions[part], parameters, axis, inputs, { ...metadata, part });
  const encoder = file('encoder', 'stories', [{ name: 'photos', dtype: 'float32', row: [PHOTOS, sizes.features] }]);
  const width = encoder.outputs[0]!.shape.at(-1) as number;
  const previous = STORY_MODELS[o.name].readsPreviousSentence ? [{ name: 'previous', dtype: 'int32', row: [sizes.steps] } as const] : [];
  const start = file('start', 'rows', [{ name: 'photo_state', dtype: 'float32', row: [width] }, ...previous]);
  const begun = start.outputs.map(({ name, shape }): RowInput => ({ name, dtype: 'float32', row: shape.slice(1) as number[] }));
  return { encoder, start, decoder: file('decoder', 'rows', [{ name: 'tokens', dtype: 'int32', row: [] }, ...begun]) };
}

/** An input whose first axis is free. */
interface RowInput {
  readonly name: string;
  readonly dtype: 'float32' | 'int32';
  /** Shape of one row. */
  readonly row: readonly number[];
}

/** One file. @param axis what the first axis of all inputs is called */
function exportPart(compute: (p: Named, inputs: Named) => Named, parameters: FloatTensors, axis: string, inputs: readonly RowInput[], metadata: Readonly<Record<string, string>>): ExportedFile {
  const first = inputs[0]!.name;
  const given = Object.fromEntries(inputs.map(({ name, dtype, row }) => [name, inShapeOnly(dtype, [1, ...row])]));
  const recorded = record(compute, [parameters, given], {
    of: ([, tensors]) => [tensors[first]!.shape[0]!],
    standIn([p, tensors], draw) {
      const rows = draw();
      return [p, Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, withRows(tensor, rows)]))] as const;
    },
    axes: [{ name: axis, input: `1.${first}`, axis: 0 }],
  });
  const outputs = recorded.graph.outputs.map(({ name, value }): ExportedTensor =>
    ({ name: name.slice('out.'.length), dtype: value.dtype, shape: recorded.dims.get(value) ?? value.shape }));
  const bytes = exportModel(recorded, {
    constants: Object.fromEntries(Object.entries(parameters).map(([name, value]) => [`0.${name}`, value])),
    inputs: Object.fromEntries(inputs.map(({ name }) => [`1.${name}`, name])),
    outputs: Object.fromEntries(outputs.map(({ name }) => [`out.${name}`, name])),
    metadata,
  });
  return { bytes, inputs: inputs.map(({ name, dtype, row }) => ({ name, dtype, shape: [axis, ...row] })), outputs };
}

function requireParameters(wanted: Readonly<Record<string, { readonly shape: readonly number[] }>>, parameters: FloatTensors): void {
  for (const [name, { shape }] of Object.entries(wanted)) {
    const found = parameters[name]?.shape;
    if (found?.join() !== shape.join()) throw new ShapeError(`${name} is ${found ? `[${found.join(', ')}]` : 'missing'} where the model needs [${shape.join(', ')}]`);
  }
}

function inShapeOnly(dtype: RowInput['dtype'], shape: readonly number[]): HostTensor {
  return dtype === 'int32' ? { dtype, shape, data: new Int32Array() } : { dtype, shape, data: new Float32Array() };
}

function namedState({ layers, attended }: DecoderState): Named {
  return { ...Object.fromEntries(layers.map((layer, l) => [`state${l}`, layer])), ...(attended && { attended }) };
}

function namedStart({ state, memory }: DecoderStart): Named {
  return { ...namedState(state), ...(memory && { memory_values: memory.values, memory_keys: memory.keys, memory_bias: memory.bias }) };
}

/** The reverse of `namedStart`. */
function startNamed(tensors: Named): DecoderStart {
  const { attended, memory_values: values, memory_keys: keys, memory_bias: bias } = tensors;
  const layers: tf.Tensor2D[] = [];
  for (let l = 0; tensors[`state${l}`]; l++) layers.push(tensors[`state${l}`] as tf.Tensor2D);
  return {
    state: { layers, ...(attended && { attended: attended as tf.Tensor2D }) },
    ...(values && keys && bias && { memory: { values: values as tf.Tensor3D, keys, bias: bias as tf.Tensor2D } }),
  };
}
