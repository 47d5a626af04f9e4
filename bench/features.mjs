// Times AlexNet features from JPEG files, end to end as `fabula extract` does it: files read and decoded, fc7, the
// features file written. One JSON line with the peers' field names.
// Use: node bench/features.mjs --photos FOLDER --count 640 --weights alexnet.npy
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { extractFeatures } from '../dist/features/extract.js';
import { openExtractor } from '../dist/features/extractor.js';
import { cpuMilliseconds, loadAverage, options, peakMemory, report, round } from './lib/measure.mjs';

const { photos: folder, count, weights, batch, threads, padding } = options({ photos: '', count: 640, weights: 'random:1', batch: 64, threads: 2, padding: 'valid' });
const files = readdirSync(folder, { recursive: true }).map(String).filter((file) => /\.jpe?g$/i.test(file)).sort();
if (files.length === 0) throw new Error(`${folder}: no JPEG files`);
// Taken again from the start when there are fewer than asked for, under ids of their own.
const photos = Array.from({ length: count }, (_, i) => ({ id: String(i), path: join(folder, files[i % files.length]) }));

const extractor = await openExtractor({ kind: 'alexnet', weights, padding }, { device: 'cpu', threads, batch });
const first = await extractor.extract(photos.slice(0, batch).map(({ path }) => path));
const scratch = mkdtempSync(join(tmpdir(), 'fabula-bench-'));
try {
  const cpu = cpuMilliseconds();
  const begun = performance.now();
  await extractFeatures(photos, extractor, { output: join(scratch, 'features.h5'), bad: 'fail', force: true });
  const ms = performance.now() - begun;
  report({
    framework: 'fabula', version: `node ${process.versions.node}`, batch, threads, conv1: padding, task: 'alexnet_fc7_from_jpeg',
    images: count, files: files.length, images_per_s: round((count / ms) * 1000), ms_per_image: round(ms / count, 3),
    cpu_ms_per_image: round((cpuMilliseconds() - cpu) / count), output: 'h5', first_row: [...first.subarray(0, 8)].map((x) => round(x, 4)),
    peak_rss_mb: peakMemory(), loadavg: loadAverage(),
  });
} finally {
  rmSync(scratch, { recursive: true });
  await extractor.dispose();
}
