import type { HostTensor } from '../core/hosttensor.ts';
import { floats, ints } from '../core/hosttensor.ts';
import { START_ID } from '../text/vocabulary.ts';
import type { Ladder } from './ladder.ts';
import { ladderOf, rowsOf } from './ladder.ts';

/** Sequences packed step by step into a ladder. */
export interface Packed {
  /** Sequence at each place, longest first. */
  readonly order: readonly number[];
  /** Place of each sequence. */
  readonly place: readonly number[];
  /** First packed row of each step. */
  readonly offsets: readonly number[];
  readonly ladder: Ladder;
}

/** Sorts sequences by falling length; equal lengths keep their order. */
export function pack(lengths: readonly number[]): Packed {
  const order = lengths.map((_, i) => i).sort((a, b) => lengths[b]! - lengths[a]! || a - b);
  const place = lengths.map(() => 0);
  order.forEach((sequence, at) => (place[sequence] = at));
  const ladder = ladderOf(lengths);
  let offset = 0;
  const offsets = ladder.map((rows) => (offset += rows) - rows);
  return { order, place, offsets, ladder };
}

/** Calls `put(row, sequence, t)` for every real element. */
export function forEachPacked(packed: Packed, lengths: readonly number[], put: (row: number, sequence: number, t: number) => void): void {
  packed.order.forEach((sequence, at) => {
    for (let t = 0; t < lengths[sequence]!; t++) put(packed.offsets[t]! + at, sequence, t);
  });
}

/** What a model reads of the sentences told before: see `PreviousSentences` in models/. B = sentences, N = packed rows. */
export interface PackedPrevious {
  readonly tokens: HostTensor;
  readonly ladder: Ladder;
  readonly last: HostTensor;
  readonly slots: HostTensor;
  readonly mask: HostTensor;
}

/**
 * Packs the sentences before, given in the order in which their successors are told.
 * @param sentences ids from START on; empty ones count as START alone
 * @param width slots a sentence: the greatest length
 */
export function packPrevious(sentences: readonly ArrayLike<number>[], width: number): PackedPrevious {
  const read = sentences.map((ids) => (ids.length === 0 ? [START_ID] : ids));
  const lengths = read.map((ids) => ids.length);
  const packed = pack(lengths);
  const tokens = new Int32Array(rowsOf(packed.ladder));
  const slots = new Int32Array(read.length * width);
  const mask = new Float32Array(read.length * width);
  forEachPacked(packed, lengths, (row, sequence, t) => {
    tokens[row] = read[sequence]![t]!;
    slots[sequence * width + t] = row;
    mask[sequence * width + t] = 1;
  });
  const last = read.map((ids, sequence) => packed.offsets[ids.length - 1]! + packed.place[sequence]!);
  return {
    tokens: ints(tokens, [tokens.length]),
    ladder: packed.ladder,
    last: ints(last, [last.length]),
    slots: ints(slots, [read.length, width]),
    mask: floats(mask, [read.length, width]),
  };
}
