import { describe, expect, test } from 'vitest';
import { Random } from '../../src/core/random.ts';
import { rowsOf } from '../../src/data/ladder.ts';
import { forEachPacked, pack, packPrevious } from '../../src/data/packing.ts';

describe('sequences', () => {
  test('are sorted by falling length, equal ones in their order', () => {
    const packed = pack([2, 3, 0, 3, 2]);
    expect(packed.order).toEqual([1, 3, 0, 4, 2]);
    expect(packed.place).toEqual([2, 0, 4, 1, 3]);
    expect(packed.ladder).toEqual([4, 4, 2]);
    expect(packed.offsets).toEqual([0, 4, 8]);
  });

  test('stand step by step under each other, and nothing stands twice', () => {
    const lengths = [2, 3, 0, 3, 2];
    const rows: string[] = new Array<string>(10).fill('-');
    forEachPacked(pack(lengths), lengths, (row, sequence, t) => {
      expect(rows[row]).toBe('-');
      rows[row] = `${sequence}.${t}`;
    });
    expect(rows).toEqual(['1.0', '3.0', '0.0', '4.0', '1.1', '3.1', '0.1', '4.1', '1.2', '3.2']);
  });

  test('of no elements have no rows', () => {
    expect(pack([])).toEqual({ order: [], place: [], offsets: [], ladder: [] });
    expect(pack([0, 0])).toEqual({ order: [0, 1], place: [0, 1], offsets: [], ladder: [] });
  });

  test('can be unpacked again, whatever their lengths', () => {
    const random = new Random('packing');
    for (let round = 0; round < 50; round++) {
      const lengths = Array.from({ length: 1 + random.int(12) }, () => random.int(7));
      const packed = pack(lengths);
      const seen = lengths.map(() => [] as number[]);
      const rows = new Set<number>();
      forEachPacked(packed, lengths, (row, sequence, t) => {
        seen[sequence]!.push(t);
        rows.add(row);
      });
      expect(seen).toEqual(lengths.map((length) => Array.from({ length }, (_, t) => t)));
      // Every row of the ladder is one element's: there is no padding.
      expect([...rows].sort((a, b) => a - b)).toEqual(Array.from({ length: rowsOf(packed.ladder) }, (_, row) => row));
      expect(rows.size).toBe(lengths.reduce((a, b) => a + b, 0));
    }
  });
});

describe('sentences told before', () => {
  const sentences = [[1, 7, 2], [1], [1, 5, 6, 2], []];
  const packed = packPrevious(sentences, 5);

  test('are packed with a table of their rows', () => {
    // Longest first: sentence 2, 0, then 1 and 3, which is empty and read as START alone.
    expect([...packed.tokens.data as Int32Array]).toEqual([1, 1, 1, 1, 5, 7, 6, 2, 2]);
    const [slots, mask] = [packed.slots.data as Int32Array, packed.mask.data as Float32Array];
    sentences.forEach((ids, i) => {
      const row = (t: number): number => (packed.tokens.data as Int32Array)[slots[i * 5 + t]!]!;
      const read = Array.from({ length: 5 }, (_, t) => t).filter((t) => mask[i * 5 + t] === 1).map(row);
      expect(read).toEqual(ids.length === 0 ? [1] : ids);
    });
    expect(packed.ladder).toEqual([4, 2, 2, 1]);
    // As many slots as were asked for, however short the sentences are.
    expect([packed.slots.shape, packed.mask.shape, packed.last.shape, packed.tokens.shape]).toEqual([[4, 5], [4, 5], [4], [9]]);
  });

  test('end at the row of their last word', () => {
    expect([...packed.last.data as Int32Array].map((row) => (packed.tokens.data as Int32Array)[row])).toEqual([2, 1, 2, 1]);
    expect([...packed.last.data as Int32Array]).toEqual([7, 2, 8, 3]);
  });

  test('every slot is a row that exists, also where the mask is 0', () => {
    for (const row of packed.slots.data as Int32Array) expect(row >= 0 && row < 9).toBe(true);
  });

  test('with their padding all have the same length', () => {
    const padded = packPrevious([Int32Array.of(1, 7, 2, 0), Int32Array.of(1, 0, 0, 0)], 4);
    expect([...padded.tokens.data as Int32Array]).toEqual([1, 1, 7, 0, 2, 0, 0, 0]);
    expect([...padded.last.data as Int32Array]).toEqual([6, 7]);
    expect([...padded.slots.data as Int32Array]).toEqual([0, 2, 4, 6, 1, 3, 5, 7]);
    expect([...padded.mask.data as Float32Array]).toEqual(new Array(8).fill(1));
  });
});
