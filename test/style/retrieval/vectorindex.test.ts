import { appendFile, cp, mkdir, mkdtemp, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ShapeError, UserError } from '../../../src/core/errors.ts';
import { Random } from '../../../src/core/random.ts';
import { readSafetensors } from '../../../src/io/safetensors.ts';
import { verifyVectorIndex } from '../../../src/style/retrieval/indexfile.ts';
import { VectorIndex } from '../../../src/style/retrieval/vectorindex.ts';
import type { VectorIndexSource } from '../../../src/style/retrieval/writeindex.ts';
import { writeVectorIndex } from '../../../src/style/retrieval/writeindex.ts';
import { bruteForce, KINDS, vectorsOf } from './support.ts';

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'fabula-vectors-'));
});
afterAll(async () => {
  await rm(home, { recursive: true });
});

let made = 0;
const fresh = (): string => join(home, `index-${made++}`);
const texts = (rows: number): string[] => Array.from({ length: rows }, (_, row) => `text ${row}`);

function* chunks(vectors: Float32Array, size: number, rows: number): Generator<Float32Array> {
  for (let at = 0; at < vectors.length; at += rows * size) yield vectors.subarray(at, at + rows * size);
}

async function write(vectors: Float32Array, size: number, more: Partial<VectorIndexSource> = {}): Promise<string> {
  const folder = fresh();
  await writeVectorIndex(folder, { texts: texts(vectors.length / size), vectors: chunks(vectors, size, 7), size, fingerprint: 'encoder A', ...more });
  return folder;
}

async function opened<T>(folder: string, use: (index: VectorIndex) => T | Promise<T>): Promise<T> {
  const index = await VectorIndex.open(folder);
  try {
    return await use(index);
  } finally {
    await index.close();
  }
}

const plain = (found: readonly { row: number; score: number }[]): { row: number; score: number }[] => found.map(({ row, score }) => ({ row, score }));

describe('the nearest are those of brute force in double precision, scores and order included', () => {
  test('over vectors of all kinds', async () => {
    await fc.assert(fc.asyncProperty(
      fc.constantFrom(...KINDS), fc.constantFrom('dot' as const, 'cosine' as const), fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 70 }), fc.integer({ min: 1, max: 40 }), fc.nat(),
      async (kind, similarity, rows, size, k, seed) => {
        const random = new Random(seed);
        const vectors = vectorsOf(kind, rows, size, random);
        const queries = [...Array(3)].map(() => vectorsOf(kind, 1, size, random));
        queries.push(vectors.slice(0, size), new Float32Array(size));
        await opened(await write(vectors, size, { similarity }), async (index) => {
          const expected = queries.map((query) => bruteForce(vectors, size, query, k, similarity));
          expect((await index.nearestAll(queries, k)).map(plain)).toEqual(expected);
          expect(plain(index.nearest(queries[0]!, k))).toEqual(expected[0]);
        });
      },
    ), { numRuns: 80, seed: 7 });
  });

  test('many rows and queries, more than go through together, some rows barred', async () => {
    const random = new Random(1);
    const [rows, size, k] = [5000, 64, 20];
    const vectors = vectorsOf('clustered', rows, size, random);
    const queries = [...Array(37)].map((_, i) => vectors.slice(i * size, (i + 1) * size));
    await opened(await write(vectors, size), async (index) => {
      const found = await index.nearestAll(queries, k, { barred: (query, row) => row === query || row % 3 === 0 });
      expect(found.map(plain)).toEqual(queries.map((query, i) => bruteForce(vectors, size, query, k, 'cosine', (row) => row === i || row % 3 === 0)));
      const one = index.nearest(queries[5]!, k, { barred: (row) => row < 4995 });
      expect(plain(one)).toEqual(bruteForce(vectors, size, queries[5]!, k, 'cosine', (row) => row < 4995));
      expect(one).toHaveLength(5);
    });
  });

  test('the file of codes left out: they are made again', async () => {
    const vectors = vectorsOf('random', 300, 48, new Random(2));
    const folder = await write(vectors, 48, { similarity: 'dot' });
    const query = vectorsOf('random', 1, 48, new Random(3));
    await rm(join(folder, 'quantised.safetensors'));
    await opened(folder, (index) => expect(plain(index.nearest(query, 9))).toEqual(bruteForce(vectors, 48, query, 9, 'dot')));
  });

  test('more asked for than there are: all, and a query of zeros: the first', async () => {
    const vectors = vectorsOf('duplicates', 12, 5, new Random(4));
    await opened(await write(vectors, 5), (index) => {
      expect(index.nearest(vectors.slice(0, 5), 100)).toHaveLength(12);
      expect(index.nearest(new Float32Array(5), 3).map(({ row, score }) => [row, score])).toEqual([[0, 0], [1, 0], [2, 0]]);
    });
  });
});

describe('what is written', () => {
  test('opens as safetensors and text, and is verified', async () => {
    const vectors = vectorsOf('random', 30, 6, new Random(5));
    const names = texts(30).map((text) => (text === 'text 29' ? 'ein Straßencafé 🐶' : text === 'text 3' ? '' : text));
    const folder = await write(vectors, 6, { texts: names, ids: names.map((_, i) => `photo${i}#0`) });
    const { tensors } = await readSafetensors(join(folder, 'vectors.safetensors'));
    expect(tensors.get('vectors')).toEqual({ dtype: 'F32', shape: [30, 6], data: vectors });
    expect(await readFile(join(folder, 'texts.txt'), 'utf8')).toBe(`${names.join('\n')}\n`);
    await verifyVectorIndex(folder);
    await opened(folder, (index) => {
      expect([index.rows, index.size, index.similarity, index.fingerprint]).toEqual([30, 6, 'cosine', 'encoder A']);
      expect([0, 3, 29].map((row) => index.text(row))).toEqual(['text 0', '', 'ein Straßencafé 🐶']);
      expect(index.nearest(vectors.slice(29 * 6), 1)[0]).toMatchObject({ row: 29, text: 'ein Straßencafé 🐶', id: 'photo29#0' });
      expect(index.memory).toBe(30 * (16 + 24) + Buffer.byteLength(`${names.join('\n')}\n`) + 31 * 4 + names.map((_, i) => `photo${i}#0\n`).join('').length + 31 * 4);
    });
  });

  test('stands whole or not at all', async () => {
    const folder = fresh();
    const vectors = vectorsOf('random', 20, 4, new Random(6));
    const source = { texts: texts(20), size: 4, fingerprint: 'A' };
    vectors[4 * 13 + 2] = NaN;
    await expect(writeVectorIndex(folder, { ...source, vectors: chunks(vectors, 4, 3) })).rejects.toThrow(new UserError('vector 14 holds NaN at place 3 of 4; check what made it'));
    vectors[4 * 13 + 2] = -Infinity;
    await expect(writeVectorIndex(folder, { ...source, vectors: [vectors] })).rejects.toThrow(/vector 14 holds -Infinity/);
    vectors[4 * 13 + 2] = 0;
    await expect(writeVectorIndex(folder, { ...source, vectors: [vectors.subarray(4)] })).rejects.toThrow(new ShapeError('20 texts with 19 vectors'));
    await expect(writeVectorIndex(folder, { ...source, vectors: [vectors, vectors] })).rejects.toThrow(ShapeError);
    await expect(writeVectorIndex(folder, { ...source, vectors: [vectors.subarray(1)] })).rejects.toThrow(ShapeError);
    await expect(writeVectorIndex(folder, { ...source, vectors: [vectors], ids: ['a'] })).rejects.toThrow(ShapeError);
    await expect(writeVectorIndex(folder, { ...source, texts: ['a\nb', ...texts(19)], vectors: [vectors] })).rejects.toThrow(/^text 1 of 20 holds a line end: "a\\nb"/);
    await expect(writeVectorIndex(folder, { ...source, texts: [], vectors: [] })).rejects.toThrow(/no texts/);
    expect((await readdir(home)).filter((name) => name.includes('.tmp') || join(home, name) === folder)).toEqual([]);
  });

  test('replaces an index, and nothing else', async () => {
    const one = vectorsOf('random', 5, 4, new Random(7));
    const folder = await write(one, 4);
    await writeVectorIndex(folder, { texts: texts(3), vectors: [one.subarray(0, 12)], size: 4, fingerprint: 'B' });
    await opened(folder, (index) => expect([index.rows, index.fingerprint]).toEqual([3, 'B']));
    await writeFile(join(folder, 'notes.md'), 'mine');
    await expect(writeVectorIndex(folder, { texts: texts(5), vectors: [one], size: 4, fingerprint: 'B' })).rejects.toThrow(/holds notes\.md, which an index of vectors would replace/);
    expect(await readFile(join(folder, 'notes.md'), 'utf8')).toBe('mine');
  });
});

describe('what is refused, in one line', () => {
  const vectors = vectorsOf('random', 40, 8, new Random(8));
  let good: string;
  beforeAll(async () => {
    good = await write(vectors, 8, { ids: texts(40) });
  });

  async function broken(change: (folder: string) => Promise<unknown>): Promise<string> {
    const folder = fresh();
    await cp(good, folder, { recursive: true });
    await change(folder);
    const error: unknown = await VectorIndex.open(folder).then((index) => index.close(), (problem: unknown) => problem);
    expect(error).toBeInstanceOf(UserError);
    const { message } = error as UserError;
    expect(message).not.toContain('\n');
    return message.replace(`${folder}/`, '').replace(folder, 'FOLDER');
  }

  test('files that are missing, cut or changed', async () => {
    expect(await broken((folder) => rm(folder, { recursive: true }))).toMatch(/^index\.json: cannot read the index of vectors: no such file/);
    expect(await broken((folder) => writeFile(join(folder, 'index.json'), '{"rows": 3'))).toMatch(/^index\.json: the index of vectors is not valid JSON/);
    expect(await broken((folder) => writeFile(join(folder, 'index.json'), '{"rows": 3}'))).toMatch(/^index\.json: \w+: .*make the index again$/);
    for (const name of ['vectors.safetensors', 'texts.txt', 'ids.txt']) {
      expect(await broken((folder) => rm(join(folder, name)))).toBe(`${name}: it is missing; copy or make the index again`);
    }
    for (const name of ['vectors.safetensors', 'texts.txt', 'ids.txt', 'quantised.safetensors']) {
      const { size } = await stat(join(good, name));
      expect(await broken((folder) => truncate(join(folder, name), size - 5))).toMatch(new RegExp(`^${name}: ${size - 5} bytes, index.json says ${size}: it was cut or changed`));
      expect(await broken((folder) => appendFile(join(folder, name), 'more'))).toContain('it was cut or changed');
    }
    expect(await broken((folder) => change(join(folder, 'texts.txt'), 5, '\n'))).toBe('texts.txt: 41 lines for 40 vectors; it was cut or changed: make the index again');
    expect(await broken((folder) => change(join(folder, 'texts.txt'), 8, '\xff'))).toBe('texts.txt: line 2 is not valid UTF-8; save the file as UTF-8');
    expect(await broken((folder) => change(join(folder, 'vectors.safetensors'), 9, 'x'))).toMatch(/^vectors\.safetensors: (it has no tensor|not a safetensors)/);
    expect(await broken((folder) => change(join(folder, 'quantised.safetensors'), 0, '\xff\xff\xff\xff\xff\xff\xff\xff'))).toBe('quantised.safetensors: not a safetensors file');
    expect(await broken((folder) => mkdir(join(folder, 'x')).then(() => writeFile(join(folder, 'texts.txt'), '')))).toContain('texts.txt: 0 bytes');
  });

  async function change(path: string, at: number, bytes: string): Promise<void> {
    const file = await open(path, 'r+');
    await file.write(Buffer.from(bytes, 'latin1'), 0, bytes.length, at);
    await file.close();
  }

  test('vectors that are not those of the codes, at the query; verify finds any change', async () => {
    const folder = fresh();
    await cp(good, folder, { recursive: true });
    const { size } = await stat(join(folder, 'vectors.safetensors'));
    await change(join(folder, 'vectors.safetensors'), size - 4, '\x00\x00\x80\x7f');
    await opened(folder, (index) => {
      expect(() => index.nearest(vectors.slice(39 * 8), 1)).toThrow(/vectors\.safetensors: vector 40 is not the one in quantised\.safetensors; delete/);
    });
    await expect(verifyVectorIndex(folder)).rejects.toThrow(/vectors\.safetensors: its SHA-256 is not the one in index\.json/);
    await rm(join(folder, 'quantised.safetensors'));
    await expect(VectorIndex.open(folder)).rejects.toThrow(/vectors\.safetensors: vector 40 holds Infinity at place 8 of 8/);
  });

  test('another encoder, too little memory', async () => {
    await expect(VectorIndex.open(good, { fingerprint: 'encoder B' })).rejects.toThrow(`${good}: its vectors are of another encoder (encoder A, not encoder B); make the index again with this one`);
    await expect(VectorIndex.open(good, { memory: 1000 })).rejects.toThrow(`${good}: its 40 vectors of 8 numbers need 1 MB of memory, 1 MB are free; end other programs, or make an index of fewer vectors`);
    await (await VectorIndex.open(good, { fingerprint: 'encoder A', memory: 1e6 })).close();
  });

  test('queries of NaN, of another size, no count', async () => {
    await opened(good, async (index) => {
      const query = vectors.slice(0, 8);
      expect(() => index.nearest(query.subarray(1), 1)).toThrow(new ShapeError('the query has 7 numbers, the vectors have 8'));
      expect(() => index.nearest(query, 0)).toThrow(RangeError);
      expect(() => index.nearest(query, 1.5)).toThrow(RangeError);
      query[2] = NaN;
      expect(() => index.nearest(query, 1)).toThrow(/^the query's number 3 of 8 is NaN; nothing is near/);
      await expect(index.nearestAll([query], 1)).rejects.toThrow(UserError);
    });
  });
});
