import { setImmediate as nextTurn } from 'node:timers/promises';
import { messageOf, UserError } from '../core/errors.ts';
import { exists, writeFileAtomic } from '../core/files.ts';
import { progressBar } from '../core/progress.ts';
import { writeFeatures } from '../data/features.ts';
import type { FeatureInfo } from '../data/features.ts';
import type { Extractor } from './extractor.ts';
import type { Photos } from './network.ts';
import { PartialRows } from './partial.ts';
import type { Photo } from './photolist.ts';

/** Where features go, and what is done about photos that cannot be read. */
export interface ExtractOptions {
  /** The features file to write, NAME.h5. */
  readonly output: string;
  /** A photo that cannot be read ends the run, or is left out and listed in the report. */
  readonly bad: 'fail' | 'skip';
  /** Replace an existing file, and unfinished rows of another CNN. */
  readonly force: boolean;
  /** The photos are one part of a longer list: kept in the report. A part may turn out to have no photo that can be read. */
  readonly shard?: ShardRecord;
}

/** Which part of which list of photos. */
export interface ShardRecord {
  /** From 1. */
  readonly index: number;
  readonly of: number;
  /** Fingerprint of the whole list. */
  readonly list: string;
}

/** What was done; also kept beside the features as NAME.h5.report.json. */
export interface ExtractReport {
  readonly output: string;
  /** Shape of the embeddings: [photos, D] or [photos, L, D]. */
  readonly shape: readonly number[];
  readonly photos: number;
  /** Of those, rows that an earlier, interrupted run had left. */
  readonly resumed: number;
  readonly skipped: readonly { readonly file: string; readonly reason: string }[];
  readonly seconds: number;
  /** Of this run. */
  readonly photosPerSecond: number;
  readonly info: FeatureInfo;
  readonly fingerprint: string;
  readonly shard?: ShardRecord;
}

interface Loaded {
  readonly photo: Photo;
  readonly pixels?: Photos;
  readonly problem?: unknown;
}

/** Batches being decoded while one runs. Two, because the CNN holds up this thread and decoding needs two turns of it. */
const READ_AHEAD = 2;

/**
 * Extracts the features of photos into an HDF5 file. Finished rows are kept in NAME.h5.partial, so that a run that
 * was killed goes on where it was; the file itself appears whole at the end.
 * @throws UserError when the output exists, a photo cannot be read (with `bad: 'fail'`) or none can
 */
export async function extractFeatures(photos: readonly Photo[], extractor: Extractor, options: ExtractOptions): Promise<ExtractReport> {
  const { output, force, shard } = options;
  if (!force && (await exists(output))) throw new UserError(`${output}: exists already: choose another --output, or --force to replace it`);
  const start = performance.now();
  const partial = await PartialRows.open(`${output}.partial`, extractor.fingerprint, extractor.size, force);
  try {
    const kept = new Set(partial.ids);
    const todo = photos.filter(({ id }) => !kept.has(id));
    const skipped = await runBatches(todo, extractor, partial, options);
    const done = new Set(partial.ids);
    const ids = photos.map(({ id }) => id).filter((id) => done.has(id));
    if (ids.length === 0 && shard === undefined) throw new UserError(`none of the ${photos.length} photos can be read; the first: ${skipped[0]?.reason}`);
    await writeFeatures(output, { ids, blocks: partial.blocks(ids), rowShape: extractor.shape, info: extractor.info });
    const seconds = (performance.now() - start) / 1000;
    const report: ExtractReport = {
      output, shape: [ids.length, ...extractor.shape], photos: ids.length, resumed: photos.length - todo.length, skipped,
      seconds, photosPerSecond: (todo.length - skipped.length) / seconds, info: extractor.info, fingerprint: extractor.fingerprint,
      ...(shard && { shard }),
    };
    await writeFileAtomic(`${output}.report.json`, `${JSON.stringify(report, null, 2)}\n`);
    await partial.remove();
    return report;
  } finally {
    await partial.close();
  }
}

async function runBatches(
  photos: readonly Photo[], extractor: Extractor, partial: PartialRows, { bad, output }: ExtractOptions,
): Promise<ExtractReport['skipped']> {
  const skipped: { file: string; reason: string }[] = [];
  const progress = progressBar('extract', photos.length);
  const start = performance.now();
  let done = 0;
  try {
    for await (const batch of readAhead(photos, extractor)) {
      await runBatch(batch, extractor, partial);
      for (const { photo, problem } of batch) {
        if (problem === undefined) continue;
        if (!(problem instanceof UserError)) throw problem;
        if (bad === 'fail') {
          throw new UserError(`${messageOf(problem)}; ${partial.ids.length} photos are kept in ${output}.partial, so run again, or leave bad photos out with --bad skip`);
        }
        skipped.push({ file: photo.path, reason: messageOf(problem) });
      }
      done += batch.length;
      progress.update(done, `${((done / (performance.now() - start)) * 1000).toFixed(1)} photos/s`);
    }
  } finally {
    progress.finish();
  }
  return skipped;
}

async function runBatch(batch: readonly Loaded[], extractor: Extractor, partial: PartialRows): Promise<void> {
  const good = batch.filter((loaded) => loaded.pixels !== undefined);
  if (good.length === 0) return;
  const rows = await extractor.forward(good.map((loaded) => loaded.pixels!));
  requireFinite(rows, good, extractor);
  await partial.append(good.map(({ photo }) => photo.id), rows);
}

/** Decodes the next batches while one is being used. */
async function* readAhead(photos: readonly Photo[], extractor: Extractor): AsyncGenerator<Loaded[]> {
  const pending: Promise<Loaded[]>[] = [];
  for (let next = 0; next < photos.length || pending.length > 0;) {
    while (next < photos.length && pending.length <= READ_AHEAD) {
      pending.push(Promise.all(photos.slice(next, next + extractor.batch).map((photo) => load(photo, extractor))));
      next += extractor.batch;
    }
    const batch = await pending.shift()!;
    // Lets files that have arrived go on to their decoder before the CNN holds up this thread.
    await nextTurn();
    yield batch;
  }
}

/** Never rejects: what went wrong is dealt with when the photo's turn comes. */
async function load(photo: Photo, extractor: Extractor): Promise<Loaded> {
  try {
    return { photo, pixels: await extractor.load(photo.path) };
  } catch (problem) {
    return { photo, problem };
  }
}

function requireFinite(rows: Float32Array, batch: readonly Loaded[], extractor: Extractor): void {
  const wrong = rows.findIndex((x) => !Number.isFinite(x));
  if (wrong < 0) return;
  const { photo } = batch[Math.floor(wrong / extractor.size)]!;
  throw new UserError(`${photo.path}: ${extractor.info.cnn} gives ${rows[wrong]} for this photo: check weights and preprocessing`);
}
