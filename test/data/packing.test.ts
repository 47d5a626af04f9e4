import { describe, expect, test } from 'vitest';
import { ShapeError } from '../../src/core/errors.ts';
import { Random } from '../../src/core/random.ts';
import { ladderOf, rowsOf } from '../../src/data/ladder.ts';
import { forEachPacked, pack, packPrevious } from '../../src/data/packing.ts';

describe('sequences', () => {
  test('are sorted by falling length, equal ones in their order', () => {
    const packed = pack([2, 3, 0, 3, 2], [4, 4, 2]);
    expect(packed.order).toEqual([1, 3, 0, 4, 2]);
    expect(packed.place).toEqual([2, 0, 4, 1, 3]);
    expect(packed.offsets).toEqual([0, 4, 8]);
  });

  test('stand step by step under each other, and nothing stands twice', () => {
    const lengths = [2, 3, 0, 3, 2];
    const rows: string[] = new Array<string>(10).fill('-');
    forEachPacked(pack(lengths, [4, 4, 2]), lengths, (row, sequence, t) => {
      expect(rows[row]).toBe('-');
      rows[row] = `${sequence}.${t}`;
    });
    expect(rows).toEqual(['1.0', '3.0', '0.0', '4.0', '1.1', '3.1', '0.1', '4.1', '1.2', '3.2']);
  });

  test('leave the rest of a wider ladder free', () => {
    const rows = new Array<number>(9).fill(-1);
    forEachPacked(pack([1, 2], [4, 3, 2]), [1, 2], (row, sequence) => (rows[row] = sequence));
    expect(rows).toEqual([1, 0, -1, -1, 1, -1, -1, -1, -1]);
  });

  test('can be unpacked again, whatever their lengths', () => {
    const random = new Random('packing');
    for (let round = 0; round < 50; round++) {
      const lengths = Array.from({ length: 1 + random.int(12) }, () => random.int(7));
      const ladder = ladderOf(lengths).map((rows) => rows + random.int(3)).map((rows, t, all) => Math.max(rows, ...all.slice(t)));
      const seen = lengths.map(() => [] as number[]);
      const rows = new Set<number>();
      forEachPacked(pack(lengths, ladder), lengths, (row, sequence, t) => {
        seen[sequence]!.push(t);
        rows.add(row);
      });
      expect(seen).toEqual(lengths.map((length) => Array.from({ length }, (_, t) => t)));
      expect(rows.size).toBe(lengths.reduce((a, b) => a + b, 0));
      expect(Math.max(-1, ...rows)).toBeLessThan(rowsOf(ladder));
    }
  });

  test.each([[[3], [1, 1]], [[1, 1], [1]], [[2, 2], [2, 1]]])('of lengths %j do not fit into %j', (lengths, ladder) => {
    expect(() => pack(lengths, ladder)).toThrow(ShapeError);
  });
});

describe('sentences told before', () => {
  const sentences = [[1, 7, 2], [1], [1, 5, 6, 2], []];
  const packed = packPrevious(sentences, [4, 3, 2, 1, 1]);

  test('are packed with a table of their rows', () => {
    // Longest first: sentence 2, 0, then 1 and 3, which is empty and read as START alone.
    expect([...packed.tokens.data as Int32Array]).toEqual([1, 1, 1, 1, 5, 7, 0, 6, 2, 2, 0]);
    const [slots, mask] = [packed.slots.data as Int32Array, packed.mask.data as Float32Array];
    sentences.forEach((ids, i) => {
      const row = (t: number): number => (packed.tokens.data as Int32Array)[slots[i * 5 + t]!]!;
      const read = Array.from({ length: 5 }, (_, t) => t).filter((t) => mask[i * 5 + t] === 1).map(row);
      expect(read).toEqual(ids.length === 0 ? [1] : ids);
    });
    expect([packed.slots.shape, packed.mask.shape, packed.last.shape, packed.tokens.shape]).toEqual([[4, 5], [4, 5], [4], [11]]);
  });

  test('end at the row of their last word', () => {
    expect([...packed.last.data as Int32Array].map((row) => (packed.tokens.data as Int32Array)[row])).toEqual([2, 1, 2, 1]);
    expect([...packed.last.data as Int32Array]).toEqual([8, 2, 9, 3]);
  });

  test('every slot is a row that exists, also where the mask is 0', () => {
    for (const row of packed.slots.data as Int32Array) expect(row >= 0 && row < 11).toBe(true);
  });

  test('with their padding all have the same length', () => {
    const padded = packPrevious([Int32Array.of(1, 7, 2, 0), Int32Array.of(1, 0, 0, 0)], [2, 2, 2, 2]);
    expect([...padded.tokens.data as Int32Array]).toEqual([1, 1, 7, 0, 2, 0, 0, 0]);
    expect([...padded.last.data as Int32Array]).toEqual([6, 7]);
    expect([...padded.slots.data as Int32Array]).toEqual([0, 2, 4, 6, 1, 3, 5, 7]);
    expect([...padded.mask.data as Float32Array]).toEqual(new Array(8).fill(1));
  });
});
