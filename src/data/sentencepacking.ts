import type { HostTensor } from '../core/hosttensor.ts';
import { floats, ints } from '../core/hosttensor.ts';
import { END_ID, START_ID } from '../text/vocabulary.ts';
import { withRows } from './batchsizes.ts';
import type { Ladder } from './ladder.ts';
import { rowsOf } from './ladder.ts';
import { forEachPacked, pack } from './packing.ts';

/** Sentences to read: see `ReadSentences` in models/. B = sentences, N = packed words. */
export interface PackedReading {
  readonly tokens: HostTensor;
  readonly backwards?: HostTensor;
  readonly ladder: Ladder;
  readonly last: HostTensor;
}

/** Sentences to tell: see `ToldSentences` in models/. */
export interface PackedTelling {
  readonly order: HostTensor;
  readonly tokens: HostTensor;
  readonly targets: HostTensor;
  readonly weights: HostTensor;
  readonly ladder: Ladder;
}

/**
 * Packs sentences that are read.
 * @param sentences ids of each, at least one
 * @param both also turned round, for reading backwards
 */
export function packReading(sentences: readonly ArrayLike<number>[], both: boolean): PackedReading {
  const lengths = sentences.map((ids) => ids.length);
  const packed = pack(lengths);
  const rows = rowsOf(packed.ladder);
  const tokens = new Int32Array(rows);
  const backwards = both ? new Int32Array(rows) : undefined;
  forEachPacked(packed, lengths, (row, sentence, t) => {
    const ids = sentences[sentence]!;
    tokens[row] = ids[t]!;
    if (backwards) backwards[row] = ids[ids.length - 1 - t]!;
  });
  const last = lengths.map((length, sentence) => packed.offsets[length - 1]! + packed.place[sentence]!);
  return {
    tokens: ints(tokens, [rows]), ladder: packed.ladder, last: ints(last, [last.length]),
    ...(backwards && { backwards: ints(backwards, [rows]) }),
  };
}

/** Packs sentences that are told. @param sentences ids of each without START and END */
export function packTelling(sentences: readonly ArrayLike<number>[]): PackedTelling {
  const lengths = sentences.map((ids) => ids.length + 1);
  const packed = pack(lengths);
  const rows = rowsOf(packed.ladder);
  const [tokens, targets] = [new Int32Array(rows), new Int32Array(rows)];
  forEachPacked(packed, lengths, (row, sentence, t) => {
    const ids = sentences[sentence]!;
    tokens[row] = t === 0 ? START_ID : ids[t - 1]!;
    targets[row] = t < ids.length ? ids[t]! : END_ID;
  });
  return {
    order: ints(packed.order as number[], [lengths.length]), tokens: ints(tokens, [rows]), targets: ints(targets, [rows]),
    weights: floats(new Float32Array(rows).fill(1), [rows]), ladder: packed.ladder,
  };
}

/** The sizes in which packed sentences differ, for programs that serve all of them. @param steps of the longest that comes */
export function readingSizes({ tokens, ladder }: PackedReading, steps: number): number[] {
  return [tokens.shape[0]!, ...stepRows(ladder, steps)];
}

export function tellingSizes({ tokens, ladder }: PackedTelling, steps: number): number[] {
  return [tokens.shape[0]!, ...stepRows(ladder, steps)];
}

/** Sentences like these of other sizes, in shape only. @param draw gives ever smaller sizes */
export function standInReading(reading: PackedReading, sentences: number, steps: number, draw: () => number): PackedReading {
  const ladder = standInLadder(sentences, steps, draw);
  const rows = rowsOf(ladder);
  return {
    tokens: withRows(reading.tokens, rows), ladder, last: withRows(reading.last, sentences),
    ...(reading.backwards && { backwards: withRows(reading.backwards, rows) }),
  };
}

export function standInTelling(telling: PackedTelling, sentences: number, steps: number, draw: () => number): PackedTelling {
  const ladder = standInLadder(sentences, steps, draw);
  const rows = rowsOf(ladder);
  return {
    order: withRows(telling.order, sentences), tokens: withRows(telling.tokens, rows), targets: withRows(telling.targets, rows),
    weights: withRows(telling.weights, rows), ladder,
  };
}

function stepRows(ladder: Ladder, steps: number): number[] {
  return Array.from({ length: steps }, (_, t) => ladder[t] ?? 0);
}

/** Every sentence has a first step. */
function standInLadder(sentences: number, steps: number, draw: () => number): number[] {
  return Array.from({ length: steps }, (_, t) => (t === 0 ? sentences : draw()));
}
