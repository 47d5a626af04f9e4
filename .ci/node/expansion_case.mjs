// Writes cases for check_expansion.py: seeded tables, and the least-squares maps and nearest words that we find for them.
// Use: node .ci/node/expansion_case.mjs FOLDER [DIST]   (DIST: folder of the compiled project, dist/ by default)
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, dist = 'dist'] = process.argv.slice(2);
if (!folder) throw new Error('use: expansion_case.mjs FOLDER [DIST]');
const load = (file) => import(pathToFileURL(resolve(dist, file)).href);
const { expandTable, fitExpansion } = await load('style/encoders/expansion.js');
const { nearestWords } = await load('style/encoders/nearestwords.js');
const { readWordVectors, WordVectors } = await load('text/wordvectors.js');
const { Random } = await load('core/random.js');

const random = new Random('expansion cases');
const normals = (count) => Float32Array.from({ length: count }, () => random.normal());

/** Word vectors whose inputs lean on each other: `spread` is the ratio of their largest to their smallest direction. */
function leaning(rows, D, spread) {
  const data = normals(rows * D);
  const mix = normals(D * D);
  const mixed = new Float32Array(rows * D);
  for (let i = 0; i < rows; i++) {
    for (let d = 0; d < D; d++) {
      const value = data[i * D + d] * spread ** (-d / Math.max(1, D - 1));
      for (let e = 0; e < D; e++) mixed[i * D + e] += value * mix[d * D + e] + (d === 0 ? 0.3 : 0);
    }
  }
  return mixed;
}

const SHAPES = [
  { D: 3, E: 2, shared: 40, spread: 1, ridge: 0 },
  { D: 20, E: 33, shared: 150, spread: 10, ridge: 0 },
  { D: 50, E: 62, shared: 501, spread: 100, ridge: 0 },
  { D: 100, E: 120, shared: 2003, spread: 30, ridge: 0 },
  { D: 25, E: 20, shared: 400, spread: 1e4, ridge: 0 },
  { D: 30, E: 20, shared: 31, spread: 1, ridge: 0 },
  { D: 30, E: 20, shared: 12, spread: 1, ridge: 0.5 },
  { D: 25, E: 20, shared: 400, spread: 1e4, ridge: 1e-3 },
];
mkdirSync(folder, { recursive: true });
const cases = [];
for (const [number, { D, E, shared, spread, ridge }] of SHAPES.entries()) {
  const extra = 25;
  const words = Array.from({ length: shared + extra }, (_, i) => `w${i}`);
  const file = join(folder, `vectors-${number}.bin`);
  const numbers = leaning(words.length, D, spread);
  // Through word2vec's own format, so that the reader is checked with it.
  writeFileSync(file, Buffer.concat([Buffer.from(`${words.length} ${D}\n`), ...words.flatMap((word, i) => [Buffer.from(`${word} `), Buffer.from(numbers.buffer, i * D * 4, D * 4), Buffer.from('\n')])]));
  const vectors = await readWordVectors(file, { dimension: D });
  if (!(vectors instanceof WordVectors)) throw new Error('not word vectors');
  const own = { words: ['<eos>', 'UNK', ...words.slice(0, shared)], data: normals((shared + 2) * E) };
  const fit = fitExpansion(own, vectors, { ridge });
  const table = expandTable(own, vectors, fit);
  writeFileSync(join(folder, `own-${number}.f32`), Buffer.from(own.data.buffer));
  writeFileSync(join(folder, `table-${number}.f32`), Buffer.from(table.data.buffer));
  const near = ['w0', `w${shared}`].map((word) => ({ row: table.words.indexOf(word), found: nearestWords(table, word, 8).map((entry) => [table.words.indexOf(entry.word), entry.similarity]) }));
  cases.push({ number, D, E, shared, ridge, method: fit.method, matrix: [...fit.matrix], intercept: [...fit.intercept], heldOut: fit.heldOut ?? null, near });
}
writeFileSync(join(folder, 'expansion.json'), JSON.stringify(cases));
