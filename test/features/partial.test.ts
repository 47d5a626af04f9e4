import { mkdtemp, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PartialRows } from '../../src/features/partial.ts';

const folder = await mkdtemp(join(tmpdir(), 'fabula-partial-'));

async function all(rows: PartialRows, ids: readonly string[]): Promise<number[]> {
  const found: number[] = [];
  for await (const block of rows.blocks(ids)) found.push(...block);
  return found;
}

test('rows come out in any order, block by block, through one array', async () => {
  const partial = await PartialRows.open(join(folder, 'a.partial'), 'f', 2);
  await partial.append(['a', 'b', 'c'], Float32Array.of(1, 2, 3, 4, 5, 6));
  await partial.append(['d'], Float32Array.of(7, 8));
  expect(await all(partial, ['a', 'b', 'c', 'd'])).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(await all(partial, ['d', 'b', 'c', 'a'])).toEqual([7, 8, 3, 4, 5, 6, 1, 2]);
  expect(await all(partial, [])).toEqual([]);
  await expect(all(partial, ['a', 'z'])).rejects.toThrow('a photo without a row');
  await partial.remove();
});

test('many rows take the memory of one block', async () => {
  const size = 2 ** 18;
  const partial = await PartialRows.open(join(folder, 'b.partial'), 'f', size);
  const ids = Array.from({ length: 10 }, (_, i) => `p${i}`);
  for (const [i, id] of ids.entries()) await partial.append([id], new Float32Array(size).fill(i));
  const seen: number[] = [];
  const buffers = new Set<ArrayBufferLike>();
  for await (const block of partial.blocks(ids.toReversed())) {
    buffers.add(block.buffer);
    for (let at = 0; at < block.length; at += size) seen.push(block[at]!, block[at + size - 1]!);
  }
  expect(seen).toEqual(ids.flatMap((_, i) => [9 - i, 9 - i]));
  expect([buffers.size, [...buffers][0]!.byteLength]).toEqual([1, 4 * 2 ** 20]);
  await truncate(join(folder, 'b.partial', 'rows.f32'), 9.5 * size * 4);
  await expect(partial.blocks(ids.slice(-4)).next()).rejects.toThrow(/b\.partial: rows\.f32 ends at/);
  await partial.remove();
});
