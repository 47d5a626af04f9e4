// Times the search for exactly nearest vectors, and measures its memory: an index is written, opened in a process of its
// own and asked; numpy's brute force goes over the same vectors where a Python with numpy is given, and the first five
// queries' rows must be its own in double precision. Prints one JSON line.
// Use: node bench/nearest.mjs [--rows 600000] [--size 1024] [--k 100] [--queries 100] [--similarity cosine]
//   [--kind random|clustered] [--vectors FILE.f32] [--python PYTHON]
// FILE.f32: real vectors, float32 [rows, size] without a header (or a .npy of little-endian float32); queries are some of
// its rows with noise. The files take rows x size x 5 bytes under the system's temporary folder while it runs.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, openSync, readSync, rmSync, writeFileSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '../dist/core/random.js';
import { VectorIndex } from '../dist/style/retrieval/vectorindex.js';
import { writeVectorIndex } from '../dist/style/retrieval/writeindex.js';
import { loadAverage, median, options, peakMemory, report, round } from './lib/measure.mjs';

const settings = options({ rows: 600_000, size: 1024, k: 100, queries: 100, similarity: 'cosine', kind: 'random', vectors: '', python: '', index: '' });
if (settings.index) await ask(settings);
else await whole(settings);

async function whole({ rows, size, k, queries, similarity, kind, vectors, python }) {
  const scratch = mkdtempSync(join(tmpdir(), 'fabula-bench-'));
  try {
    const index = join(scratch, 'captions');
    const source = vectors ? fromFile(vectors, rows, size) : drawn(kind, rows, size);
    const asked = new Float32Array(queries * size);
    const begun = performance.now();
    await writeVectorIndex(index, { texts: Array.from({ length: rows }, (_, row) => `a caption of some ten words, as they are, number ${row}`), vectors: tapped(source, asked, rows, size), size, similarity, fingerprint: 'bench' });
    const write_s = round((performance.now() - begun) / 1000, 1);
    writeFileSync(join(scratch, 'queries'), asked);
    const run = (program, ...args) => JSON.parse(execFileSync(program, args, { encoding: 'utf8', maxBuffer: 2 ** 28, stdio: ['ignore', 'pipe', 'inherit'] }));
    const { found, ...ours } = run(process.execPath, import.meta.filename, '--index', index, '--k', String(k), '--queries', String(queries));
    const result = { rows, size, k, queries, similarity, vectors: vectors || kind, write_s, ours, loadavg: loadAverage() };
    if (python) {
      const { rows: expected, scores, ...numpy } = run(python, join(import.meta.dirname, 'peers', 'peer_nearest.py'), index, join(scratch, 'queries'), String(k));
      Object.assign(result, { numpy, query_ratio: round(ours.query_ms / numpy.query_ms), batch_ratio: round(ours.batch_ms / numpy.batch_ms), ...agreement(found, expected, scores) });
    }
    report(result);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** Opens an index and asks it: in a process of its own, whose memory is the index's. */
async function ask({ index: folder, k, queries }) {
  const before = peakMemory();
  let begun = performance.now();
  const index = await VectorIndex.open(folder);
  const load_s = round((performance.now() - begun) / 1000);
  const all = new Float32Array(Uint8Array.from(readFileSync(join(folder, '..', 'queries'))).buffer);
  const vectors = Array.from({ length: queries }, (_, i) => all.subarray(i * index.size, (i + 1) * index.size));
  const times = vectors.slice(0, 20).map((vector) => {
    const from = performance.now();
    index.nearest(vector, k);
    return performance.now() - from;
  });
  begun = performance.now();
  const found = await index.nearestAll(vectors, k);
  const batch_ms = round(performance.now() - begun, 0);
  report({ load_s, query_first_ms: round(times[0], 1), query_ms: round(median(times), 1), query_max_ms: round(Math.max(...times), 1), batch_ms, table_mb: round(index.memory / 1e6, 0), peak_mb: peakMemory(), start_mb: before, found: found.slice(0, 5).map((list) => list.map(({ row, score }) => [row, score])) });
  await index.close();
}

/** Rows that are the same; where two rows' scores differ by less than sums are rounded, either may come first. */
function agreement(found, expected, scores) {
  const pairs = found.flatMap((list, i) => list.map(([row, score], j) => [row === expected[i][j], Math.abs(score - scores[i][j])]));
  return { same_rows: `${pairs.filter(([same]) => same).length} of ${pairs.length}`, largest_difference: Math.max(...pairs.map(([, difference]) => difference)) };
}

/** Passes rows on and makes queries of some of them. */
async function* tapped(source, asked, rows, size) {
  const random = new Random('queries');
  const queries = asked.length / size;
  let first = 0;
  for (const chunk of source) {
    const count = chunk.length / size;
    for (let i = 0; i < queries; i++) {
      const row = Math.floor(((i + 0.5) * rows) / queries) - first;
      if (row < 0 || row >= count) continue;
      const vector = chunk.subarray(row * size, (row + 1) * size);
      const noise = 0.3 * Math.hypot(...vector) / Math.sqrt(size);
      asked.set(vector.map((value) => value + noise * random.normal()), i * size);
    }
    first += count;
    yield chunk;
  }
}

/** Clustered: 1,000 centres, a third of a vector's length is its own. */
function* drawn(kind, rows, size) {
  const random = new Random('vectors');
  // Drawn once: rows are stretches of them from anywhere.
  const pool = Float32Array.from({ length: 2 ** 22 }, () => random.normal());
  const stretch = () => pool.subarray(random.int(pool.length - size)).subarray(0, size);
  const centres = Array.from({ length: 1000 }, stretch);
  for (let first = 0; first < rows; first += 4096) {
    const count = Math.min(4096, rows - first);
    const chunk = new Float32Array(count * size);
    for (let row = 0; row < count; row++) {
      const own = stretch();
      const centre = kind === 'clustered' ? centres[random.int(1000)] : undefined;
      for (let i = 0; i < size; i++) chunk[row * size + i] = centre ? centre[i] + 0.35 * own[i] : own[i];
    }
    yield chunk;
  }
}

function* fromFile(path, rows, size) {
  const file = openSync(path);
  const start = Buffer.alloc(10);
  readSync(file, start, 0, 10, 0);
  const from = start.toString('latin1', 1, 6) === 'NUMPY' ? 10 + start.readUInt16LE(8) : 0;
  for (let first = 0; first < rows; first += 4096) {
    const chunk = new Float32Array(Math.min(4096, rows - first) * size);
    if (readSync(file, chunk, 0, chunk.byteLength, from + first * size * 4) !== chunk.byteLength) throw new Error(`${path}: fewer than ${rows} rows of ${size}`);
    yield chunk;
  }
}
