import type { HostTensor } from '../core/hosttensor.ts';
import type { PackedStories } from './batches.ts';
import type { Ladder } from './ladder.ts';
import { rowsOf } from './ladder.ts';
import type { PackedPrevious } from './packing.ts';

/**
 * The sizes in which batches differ, for programs that serve all of them: sentences, packed words, and the rows of
 * each step. A ladder counts as one of the greatest length whose last steps have no rows.
 * @param photos of a story @param steps ids in a stored sentence
 */
export function batchSizes(batch: PackedStories, photos: number, steps: number): number[] {
  const sentences = batch.order.shape[0]!;
  return [sentences / photos, sentences, ...ladderSizes(batch.ladder, steps - 1), ...(batch.previous ? previousSizes(batch.previous, steps) : [])];
}

export function previousSizes(previous: PackedPrevious, steps: number): number[] {
  return ladderSizes(previous.ladder, steps);
}

/** A batch like this one with other sizes, in shape only. @param draw gives ever smaller sizes */
export function standInBatch(batch: PackedStories, photos: number, steps: number, draw: () => number): PackedStories {
  const sentences = Math.floor(draw() / photos) * photos;
  const ladder = standInLadder(sentences, steps - 1, draw);
  const rows = rowsOf(ladder);
  return {
    photos: withRows(batch.photos, sentences),
    order: withRows(batch.order, sentences),
    tokens: withRows(batch.tokens, rows),
    targets: withRows(batch.targets, rows),
    weights: withRows(batch.weights, rows),
    ladder,
    ...(batch.previous && { previous: standInPrevious(batch.previous, sentences, steps, draw) }),
  };
}

export function standInPrevious(previous: PackedPrevious, sentences: number, steps: number, draw: () => number): PackedPrevious {
  const ladder = standInLadder(sentences, steps, draw);
  return {
    tokens: withRows(previous.tokens, rowsOf(ladder)),
    ladder,
    last: withRows(previous.last, sentences),
    slots: withRows(previous.slots, sentences),
    mask: withRows(previous.mask, sentences),
  };
}

/** A tensor of another number of rows; its data stay behind. */
export function withRows(tensor: HostTensor, rows: number): HostTensor {
  return { ...tensor, shape: [rows, ...tensor.shape.slice(1)] };
}

function ladderSizes(ladder: Ladder, length: number): number[] {
  return [rowsOf(ladder), ...Array.from({ length }, (_, t) => ladder[t] ?? 0)];
}

/** Every sequence has a first step. */
function standInLadder(sentences: number, length: number, draw: () => number): number[] {
  return Array.from({ length }, (_, t) => (t === 0 ? sentences : draw()));
}
