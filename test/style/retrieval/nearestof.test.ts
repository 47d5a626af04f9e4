import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ShapeError, UserError } from '../../../src/core/errors.ts';
import { Random } from '../../../src/core/random.ts';
import { Best } from '../../../src/style/retrieval/best.ts';
import { BOUNDS, codingFor, quantiseQuery, quantiseRows, strideOf } from '../../../src/style/retrieval/codes.ts';
import { CodeTable } from '../../../src/style/retrieval/codetable.ts';
import { nearestOf } from '../../../src/style/retrieval/nearestof.ts';
import { queryOf, scoreAt } from '../../../src/style/retrieval/scoring.ts';
import { bruteForce, KINDS, vectorsOf } from './support.ts';

const kinds = fc.constantFrom(...KINDS);
const similarities = fc.constantFrom('dot' as const, 'cosine' as const);

describe('nearestOf', () => {
  test('is brute force, with ties and barred rows', () => {
    fc.assert(fc.property(kinds, similarities, fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 70 }), fc.nat(), (kind, similarity, rows, size, k, seed) => {
      const random = new Random(seed);
      const vectors = vectorsOf(kind, rows, size, random);
      const query = vectorsOf(kind, 1, size, random);
      const barred = (row: number): boolean => row % 5 === 2;
      expect(nearestOf(vectors, size, query, k, { similarity, barred })).toEqual(bruteForce(vectors, size, query, k, similarity, barred));
    }), { seed: 3 });
  });

  test('by hand: cosine by default, ties by lower row, zeros score 0', () => {
    const vectors = Float32Array.of(0, 2, 0, 0, 3, 3, 0, 1, -1, 0);
    expect(nearestOf(vectors, 2, Float32Array.of(0, 5), 5)).toEqual([
      { row: 0, score: 1 }, { row: 3, score: 1 }, { row: 2, score: 15 / (Math.sqrt(18) * 5) }, { row: 1, score: 0 }, { row: 4, score: 0 },
    ]);
    expect(nearestOf(vectors, 2, Float32Array.of(0, 5), 2, { similarity: 'dot' })).toEqual([{ row: 2, score: 15 }, { row: 0, score: 10 }]);
  });

  test('refuses NaN and other sizes', () => {
    expect(() => nearestOf(new Float32Array(4), 2, Float32Array.of(NaN, 1), 1)).toThrow(UserError);
    expect(() => nearestOf(new Float32Array(5), 2, new Float32Array(2), 1)).toThrow(new ShapeError('5 numbers are not rows of 2'));
    expect(() => nearestOf(new Float32Array(4), 2, new Float32Array(3), 1)).toThrow(ShapeError);
    expect(() => nearestOf(new Float32Array(4), 2, new Float32Array(2), 0)).toThrow(RangeError);
  });
});

test('Best keeps what sorting keeps', () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: -4, max: 4 })), fc.integer({ min: 1, max: 12 }), fc.nat(), (scores, k, seed) => {
    const all = scores.map((score, row) => ({ row, score }));
    const best = new Best(k);
    for (const { row, score } of new Random(seed).shuffle([...all])) best.offer(row, score);
    const expected = all.sort((a, b) => b.score - a.score || a.row - b.row).slice(0, k);
    expect(best.sorted()).toEqual(expected);
    expect(best.bar).toBe(expected.length < k ? -Infinity : expected.at(-1)!.score);
  }));
});

describe('codes of 8 bits', () => {
  test('every score lies within its bounds, also over several parts and for sizes that are not multiples of 16', async () => {
    await fc.assert(fc.asyncProperty(kinds, similarities, fc.integer({ min: 1, max: 300 }), fc.constantFrom(1, 15, 16, 17, 300), fc.constantFrom(1, 2000, 2 ** 30), fc.nat(), async (kind, similarity, rows, size, part, seed) => {
      const random = new Random(seed);
      const vectors = vectorsOf(kind, rows, size, random);
      const query = queryOf(vectorsOf(kind, 1, size, random), size);
      // Around the mean of all, of the first, or of others: the bounds hold around anything.
      const coding = codingFor([vectors, vectors.subarray(0, size), vectorsOf('random', 3, size, random)][seed % 3]!, size, similarity);
      const table = await CodeTable.allocate(rows, size, part);
      for (const { first, rows: count, codes } of table.pieces(64)) {
        quantiseRows(vectors.subarray(first * size, (first + count) * size), coding, codes, table.bounds.subarray(first * BOUNDS, (first + count) * BOUNDS));
      }
      const coded = quantiseQuery(query, coding);
      let next = 0;
      table.scan([coded.codes], (_, first, products, count) => {
        expect(first).toBe(next);
        for (let i = 0; i < count; i++) {
          const [scale, kept, lost] = table.bounds.subarray((first + i) * BOUNDS);
          const error = kept! * coded.reachOfLoss + lost! * coded.reach + coded.slack;
          expect(Math.abs(scoreAt(vectors, (first + i) * size, query, similarity) - coded.base - scale! * coded.scale * products[i]!)).toBeLessThanOrEqual(error);
        }
        next += count;
      });
      expect(next).toBe(rows);
    }), { numRuns: 100, seed: 5 });
  });

  test('products never leave int32, and are near: equal vectors of 4,800 numbers at the limit', async () => {
    const size = 4800;
    const ones = new Float32Array(size).fill(3);
    const table = await CodeTable.allocate(1, size);
    const [piece] = table.pieces();
    const coding = { size, similarity: 'cosine', centre: new Float64Array(size) } as const;
    quantiseRows(ones, coding, piece!.codes, table.bounds);
    const coded = quantiseQuery(queryOf(ones, size), coding);
    let cosine = 0;
    table.scan([coded.codes], (_, _first, [product]) => {
      cosine = table.bounds[0]! * coded.scale * product!;
    });
    expect(cosine).toBeCloseTo(1, 3);
    expect(Math.abs(cosine - 1)).toBeLessThanOrEqual(table.bounds[1]! * coded.reachOfLoss + table.bounds[2]! * coded.reach + coded.slack);
  });

  test('a row and its codes: the centre is taken off, 127 is the largest, the rest is kept as a length', () => {
    const codes = new Int8Array(strideOf(3));
    const bounds = new Float64Array(BOUNDS);
    quantiseRows(Float32Array.of(-253, 3, 0.5), { size: 3, similarity: 'dot', centre: Float64Array.of(1, 0, 0) }, codes, bounds);
    expect([...codes]).toEqual([-127, 2, ...new Array<number>(14).fill(0)]);
    expect([...bounds]).toEqual([2, 2 * Math.sqrt(127 ** 2 + 2 ** 2), Math.sqrt(1.25)]);
  });
});
