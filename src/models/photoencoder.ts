import * as tf from '@tensorflow/tfjs-core';
import { cellParameters, cellStep, outputOf, projectInput, stateWidth } from '../nn/cells.ts';
import { dropout } from '../nn/dropout.ts';
import type { ParameterDefinitions, Parameters } from '../nn/parameters.ts';
import { get, ones, parameter, zeros } from '../nn/parameters.ts';
import type { StoryModelOptions, StorySizes } from './options.ts';
import { PHOTOS } from './options.ts';

/**
 * Reads, for every sentence j of a story, the last k photos up to the one it tells.
 *
 *   s_j = RNN(v_max(0, j-k+1), ..., v_j)          (Smilevski, Lalkovski and Madjarov 2018)
 *
 * The five windows of a story overlap, so each photo is projected once, and all windows advance together: at step t
 * of k the rows j >= k-1-t read photo j-(k-1-t), and one more row joins at each step. Absent photos cost nothing.
 * S = stories, F = features, W = state width.
 */
type T2 = tf.Tensor2D;

export function photoEncoderParameters(o: StoryModelOptions, sizes: StorySizes): ParameterDefinitions {
  const { units, layers } = o.photos;
  const cells = Array.from({ length: layers }, (_, l) => cellParameters(o.cell, `photos.${l}`, l === 0 ? sizes.features : units, units));
  if (o.photos.normalise !== 'standardise') return Object.assign({}, ...cells);
  // Set from the training photos before training starts, then kept with the weights.
  const statistics = { 'photos.mean': parameter([sizes.features], zeros, false), 'photos.scale': parameter([sizes.features], ones, false) };
  return Object.assign(statistics, ...cells);
}

/** Features as the encoder reads them. ReLU features in the tens would saturate its gates. */
function normalise(p: Parameters, o: StoryModelOptions, photos: tf.Tensor): tf.Tensor {
  switch (o.photos.normalise) {
    case 'standardise':
      return tf.mul(tf.sub(photos, get(p, 'photos.mean')), get(p, 'photos.scale'));
    case 'l2':
      return tf.mul(photos, tf.rsqrt(tf.add(tf.sum(tf.square(photos), 1, true), 1e-12)));
    case 'none':
      return photos;
  }
}

/** @param photos [S * 5, F] @returns the last layer's state for every sentence, [S * 5, W] */
export function encodePhotos(p: Parameters, o: StoryModelOptions, photos: tf.Tensor, training: boolean): T2 {
  const stories = photos.shape[0]! / PHOTOS;
  const projected = projectInput(p, 'photos.0', dropout(normalise(p, o, photos), o.dropout.photos, training));
  const stack = new Stack(p, o, stories, training);
  const inputs = tf.reshape(projected, [stories, PHOTOS, projected.shape[1]]) as tf.Tensor3D;
  if (!o.photos.masking) readAllSlots(stack, p, o, inputs);
  else if (o.photos.reverse) readBackwards(stack, o, inputs);
  else readForwards(stack, o, inputs);
  return stack.result();
}

/** The layers and their states for rows `first` to 4 of every story; rows before have not begun or have ended. */
class Stack {
  readonly #p: Parameters;
  readonly #o: StoryModelOptions;
  readonly #stories: number;
  readonly #training: boolean;
  /** Per layer: [S, 5, W]. */
  #states: tf.Tensor3D[];

  constructor(p: Parameters, o: StoryModelOptions, stories: number, training: boolean) {
    this.#p = p;
    this.#o = o;
    this.#stories = stories;
    this.#training = training;
    const width = stateWidth(o.cell, o.photos.units);
    this.#states = Array.from({ length: o.photos.layers }, () => tf.zeros([stories, PHOTOS, width]));
  }

  /** Advances rows first..4. @param projected [S, 5 - first, gates * H] */
  step(projected: tf.Tensor, first: number): void {
    const rows = PHOTOS - first;
    const flat = (x: tf.Tensor): T2 => tf.reshape(x, [this.#stories * rows, x.shape[2]!]);
    let input = flat(projected);
    this.#states = this.#states.map((before, l) => {
      if (l > 0) input = projectInput(this.#p, `photos.${l}`, dropout(input, this.#o.dropout.layers, this.#training));
      const live = first === 0 ? before : tf.slice(before, [0, first, 0], [this.#stories, rows, before.shape[2]]);
      const next = cellStep(this.#o.cell, this.#p, `photos.${l}`, input, flat(live));
      input = outputOf(this.#o.cell, next);
      const shaped = tf.reshape(next, [this.#stories, rows, before.shape[2]]) as tf.Tensor3D;
      return first === 0 ? shaped : tf.concat([tf.slice(before, [0, 0, 0], [this.#stories, first, before.shape[2]]), shaped], 1);
    });
  }

  result(): T2 {
    const top = this.#states.at(-1)!;
    return tf.reshape(top, [this.#stories * PHOTOS, top.shape[2]]);
  }
}

function readForwards(stack: Stack, o: StoryModelOptions, inputs: tf.Tensor3D): void {
  for (let t = 0; t < o.photos.last; t++) {
    const first = o.photos.last - 1 - t;
    stack.step(photosFrom(inputs, 0, PHOTOS - first), first);
  }
}

function readBackwards(stack: Stack, o: StoryModelOptions, inputs: tf.Tensor3D): void {
  for (let back = 0; back < o.photos.last; back++) stack.step(photosFrom(inputs, 0, PHOTOS - back), back);
}

/** All five slots for every sentence; slots outside the window hold a zero photo, so only the bias remains of them. */
function readAllSlots(stack: Stack, p: Parameters, o: StoryModelOptions, inputs: tf.Tensor3D): void {
  const bias = p['photos.0.bias']!;
  const slots = Array.from({ length: PHOTOS }, (_, slot) => (o.photos.reverse ? PHOTOS - 1 - slot : slot));
  for (const slot of slots) {
    const window = Array.from({ length: PHOTOS }, (_, j) => (slot <= j && j < slot + o.photos.last ? 1 : 0));
    const mask = tf.tensor3d(window, [1, PHOTOS, 1]);
    stack.step(tf.add(tf.mul(tf.sub(photosFrom(inputs, slot, 1), bias), mask), bias), 0);
  }
}

function photosFrom(inputs: tf.Tensor3D, from: number, count: number): tf.Tensor3D {
  return tf.slice(inputs, [0, from, 0], [inputs.shape[0], count, inputs.shape[2]]);
}
