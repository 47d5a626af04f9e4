import type { Random } from '../../../src/core/random.ts';

/** Vectors as they come: apart, near each other, equal, of few values, tiny, huge, with a number that outweighs all others. */
export const KINDS = ['random', 'positive', 'clustered', 'duplicates', 'signs', 'tiny', 'denormal', 'huge', 'outlier', 'mixed', 'zeros'] as const;

/** [rows, size] */
export function vectorsOf(kind: (typeof KINDS)[number], rows: number, size: number, random: Random): Float32Array {
  const normal = (): number => random.normal();
  const centres = Float32Array.from({ length: 4 * size }, normal);
  const value: Record<(typeof KINDS)[number], (row: number, i: number) => number> = {
    random: normal,
    positive: () => 5 + random.uniform(),
    clustered: (row, i) => centres[(row % 4) * size + i]! + normal() * (row % 2 === 0 ? 1e-2 : 1e-6),
    duplicates: (row, i) => centres[(row % 4) * size + i]!,
    signs: () => random.int(3) - 1,
    tiny: () => normal() * 1e-30,
    denormal: () => random.int(5) * 1.4e-45,
    huge: () => normal() * 1e37,
    outlier: (_, i) => (i === 0 ? 1000 : normal()),
    mixed: (row) => normal() * 10 ** ((row % 30) - 20),
    zeros: (row) => (row % 2 === 0 ? 0 : normal()),
  };
  return Float32Array.from({ length: rows * size }, (_, at) => value[kind](Math.floor(at / size), at % size));
}

/** All scores in double precision, sorted; equal ones by row. */
export function bruteForce(vectors: Float32Array, size: number, query: Float32Array, k: number, similarity: 'dot' | 'cosine', barred: (row: number) => boolean = () => false): { row: number; score: number }[] {
  const sum = (a: Float32Array, b: Float32Array): number => a.reduce((total, value, i) => total + value * b[i]!, 0);
  const all = Array.from({ length: vectors.length / size }, (_, row) => {
    const vector = vectors.subarray(row * size, (row + 1) * size);
    const lengths = Math.sqrt(sum(vector, vector)) * Math.sqrt(sum(query, query));
    const dot = sum(vector, query);
    return { row, score: similarity === 'dot' ? dot : lengths === 0 ? 0 : dot / lengths };
  });
  return all.filter(({ row }) => !barred(row)).sort((a, b) => b.score - a.score || a.row - b.row).slice(0, k);
}
