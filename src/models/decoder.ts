import * as tf from '@tensorflow/tfjs-core';
import type { Memory } from '../nn/attention.ts';
import { attend, attentionParameters, memoryRows } from '../nn/attention.ts';
import { cellParameters, cellStep, gateCount, outputOf, projectInput } from '../nn/cells.ts';
import { dense, denseParameters, embed } from '../nn/dense.ts';
import { dropout } from '../nn/dropout.ts';
import { logSoftmax } from '../nn/losses.ts';
import type { ParameterDefinitions, Parameters } from '../nn/parameters.ts';
import { get, glorotUniform, parameter } from '../nn/parameters.ts';
import type { Ladder } from '../nn/recurrent.ts';
import { firstRows, runLayer, splitSteps } from '../nn/recurrent.ts';
import type { StoryModelOptions, StorySizes } from './options.ts';

/**
 * The sentence decoder: layers of cells, of which the top one may attend to the previous sentence.
 *
 *   h_t = cell(x_t, h_t-1);   with attention (Luong et al. 2015, eq. 5):
 *   c_t = attend(h_t);   a_t = tanh([h_t; c_t] W_c + b_c)
 *   feed "input": a_t enters the next step's input; "state": a_t replaces the state; "none": neither
 *   p(word) = softmax(a_t W + b), or of h_t without attention
 *
 * B = sentences, N = packed words, D = decoder units.
 */
type T2 = tf.Tensor2D;

/** Where the decoder stands: what a step takes and returns. */
export interface DecoderState {
  /** Per layer: [B, state width]. */
  readonly layers: readonly T2[];
  /** Attention with feed "input": the last attended state [B, D]. */
  readonly attended?: T2;
}

export interface Decoded {
  /** [N, D], before the softmax. */
  readonly outputs: T2;
  /** After the last step. */
  readonly state: DecoderState;
  /** Attention weights of the last step [B, M]. */
  readonly weights?: T2;
}

export function decoderParameters(o: StoryModelOptions, sizes: StorySizes, units: number): ParameterDefinitions {
  const layers = Array.from({ length: o.decoder.layers }, (_, l) =>
    cellParameters(o.cell, `decoder.${l}`, l === 0 ? o.embedding.size : units, units));
  const attention = o.name !== 'attention' ? {} : {
    ...attentionParameters(o.attention.score, 'attention', units),
    ...denseParameters('combine', 2 * units, units),
    ...(o.attention.feed === 'input' && { 'decoder.feed': parameter([units, gateCount(o.cell) * units], glorotUniform) }),
  };
  return Object.assign({}, ...layers, attention, denseParameters('output', units, sizes.vocabulary));
}

/** Word vectors of ids [N], as the decoder reads them: [N, embedding]. */
export function wordVectors(p: Parameters, ids: tf.Tensor): T2 {
  return embed(p, 'embedding', ids);
}

/** Runs the decoder over packed words. @param words [N, embedding] */
export function runDecoder(p: Parameters, o: StoryModelOptions, words: T2, ladder: Ladder, start: DecoderState, memory: Memory | undefined, training: boolean): Decoded {
  const top = o.decoder.layers - 1;
  const recurrent = training ? o.dropout.recurrent : 0;
  const states: T2[] = [];
  let input: T2 = dropout(words, o.dropout.words, training);
  const lower = memory ? top : top + 1;
  for (let l = 0; l < lower; l++) {
    if (l > 0) input = dropout(input, o.dropout.layers, training);
    const ran = runLayer(o.cell, p, `decoder.${l}`, input, start.layers[l]!, ladder, { recurrentDropout: recurrent });
    states.push(ran.last);
    input = outputOf(o.cell, ran.states);
  }
  if (!memory) return { outputs: input, state: { layers: states } };
  if (top > 0) input = dropout(input, o.dropout.layers, training);
  const attended = runAttentionLayer(p, o, `decoder.${top}`, input, ladder, { ...start, layers: start.layers.slice(top) }, memory);
  return { ...attended, state: { ...attended.state, layers: [...states, ...attended.state.layers] } };
}

function runAttentionLayer(p: Parameters, o: StoryModelOptions, name: string, input: T2, ladder: Ladder, start: DecoderState, memory: Memory): Decoded {
  const { score, feed } = o.attention;
  const projected = splitSteps(projectInput(p, name, input), ladder);
  const outputs: T2[] = [];
  let state = start.layers[0]!;
  let attended = start.attended;
  let visible = memory;
  let weights: T2 | undefined;
  ladder.forEach((rows, t) => {
    visible = memoryRows(visible, rows);
    let gates = projected[t]!;
    if (feed === 'input' && attended) gates = tf.add(gates, tf.matMul(firstRows(attended, rows), get<T2>(p, 'decoder.feed')));
    const next = cellStep(o.cell, p, name, gates, firstRows(state, rows));
    const h = outputOf(o.cell, next);
    const seen = attend(score, p, 'attention', h, visible);
    attended = tf.tanh(dense(p, 'combine', tf.concat([h, seen.context], 1))) as T2;
    weights = seen.weights;
    state = feed === 'state' ? replaceOutput(o, next, attended) : next;
    outputs.push(attended);
  });
  return {
    outputs: tf.concat(outputs, 0),
    state: { layers: [state], ...(feed === 'input' && attended && { attended }) },
    ...(weights && { weights }),
  };
}

/** The state with another output; the LSTM keeps its memory. */
function replaceOutput(o: StoryModelOptions, state: T2, h: T2): T2 {
  return o.cell.type === 'gru' ? h : tf.concat([h, tf.split(state, 2, 1)[1] as T2], 1);
}

/** Log-probabilities of the next word [B, words]. */
export function logProbabilities(p: Parameters, outputs: T2): T2 {
  return logSoftmax(dense(p, 'output', outputs));
}
