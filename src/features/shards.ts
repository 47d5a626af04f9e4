import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../core/errors.ts';
import { exists, readJson, sha256, writeFileAtomic } from '../core/files.ts';
import { openFeatures, writeFeatures } from '../data/features.ts';
import type { FeatureInfo } from '../data/features.ts';
import { checkShape } from '../data/schema.ts';
import { extractFeatures } from './extract.ts';
import type { ExtractOptions, ExtractReport } from './extract.ts';
import type { Extractor } from './extractor.ts';
import { rowsPerBlock } from './partial.ts';
import type { Photo } from './photolist.ts';

/** One part of a list of photos. */
export interface Shard {
  /** From 1. */
  readonly index: number;
  readonly of: number;
}

const reportSchema = z.object({
  shape: z.array(z.int()), photos: z.int(), resumed: z.int(), seconds: z.number(), fingerprint: z.string(),
  skipped: z.array(z.object({ file: z.string(), reason: z.string() })),
  info: z.custom<FeatureInfo>((value) => typeof value === 'object' && value !== null),
  shard: z.object({ index: z.int(), of: z.int(), list: z.string() }),
});
type ShardReport = z.infer<typeof reportSchema>;

/** `3/8`. @throws UserError */
export function parseShard(text: string): Shard {
  const [, index, of] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number);
  if (index === undefined || of === undefined || index < 1 || index > of) throw new UserError(`--shard ${text}: write it as 3/8, the third of eight`);
  return { index, of };
}

/** `features.shard-03-of-16.h5` beside `features.h5`. */
export function shardFile(output: string, { index, of }: Shard): string {
  const ending = extname(output);
  const width = String(of).length;
  return join(dirname(output), `${basename(output, ending)}.shard-${String(index).padStart(width, '0')}-of-${of}${ending}`);
}

/**
 * The photos of one shard: neighbours in the list, in its order, so that the shards one after the other are the list.
 * Shards hold whole batches of it: each photo goes through the CNN in the company it has in a single run, and the
 * numbers are the same to the last bit.
 * @throws UserError when there are fewer batches than shards
 */
export function photosOfShard(photos: readonly Photo[], { index, of }: Shard, batch: number): readonly Photo[] {
  const batches = Math.ceil(photos.length / batch);
  if (of > batches) throw new UserError(`${of} shards: ${photos.length} photos are ${batches} batches of ${batch}: use at most ${batches} shards, or a smaller --batch`);
  const start = (shard: number): number => Math.floor((shard * batches) / of) * batch;
  return photos.slice(start(index - 1), start(index));
}

/** Extracts one shard into its own file; one that is there already is left as it is. @throws UserError as `extractFeatures` */
export async function extractShard(photos: readonly Photo[], shard: Shard, extractor: Extractor, options: ExtractOptions): Promise<ExtractReport> {
  const output = shardFile(options.output, shard);
  const record = { ...shard, list: listFingerprint(photos, extractor.batch) };
  if (!options.force && (await exists(output))) {
    const report = await readReport(output);
    if (report !== undefined) {
      requireSame(output, report, { shard: record, fingerprint: extractor.fingerprint });
      return (await readJson(reportFile(output), 'the report of the shard')) as ExtractReport;
    }
    // A stop fell between the file and its report; its rows are still in .partial.
    await rm(output);
  }
  return extractFeatures(photosOfShard(photos, shard, extractor.batch), extractor, { ...options, output, shard: record });
}

/** Which shards of an output are done. @returns undefined when there are none. @throws UserError when two divisions are mixed */
export async function findShards(output: string): Promise<{ of: number; done: ReadonlySet<number> } | undefined> {
  const ending = extname(output);
  const pattern = new RegExp(`^${escape(basename(output, ending))}\\.shard-(\\d+)-of-(\\d+)${escape(ending)}\\.report\\.json$`);
  const found = (await readdir(dirname(output)).catch((): string[] => [])).flatMap((name) => {
    const match = pattern.exec(name);
    return match === null ? [] : [{ index: Number(match[1]), of: Number(match[2]) }];
  });
  const counts = [...new Set(found.map(({ of }) => of))];
  if (counts.length > 1) throw new UserError(`${output}: there are shards of ${counts.join(' and of ')}: delete those that do not belong to it`);
  return counts.length === 0 ? undefined : { of: counts[0]!, done: new Set(found.map(({ index }) => index)) };
}

/**
 * Joins the shards of an output into one features file, the same as a single run over all photos writes; its report
 * adds theirs up. The shards stay.
 * @param lacking says more of a shard that is missing, if anything is known
 * @throws UserError when one is missing, or was made by another CNN or from another list of photos
 */
export async function joinShards(output: string, options: { force: boolean; lacking?: (index: number) => string | undefined }): Promise<ExtractReport> {
  if (!options.force && (await exists(output))) throw new UserError(`${output}: exists already: choose another --output, or --force to replace it`);
  const found = await findShards(output);
  if (found === undefined) throw new UserError(`${output}: no shard of it is here, such as ${basename(shardFile(output, { index: 1, of: 8 }))}; extract them with --shard 1/8 and so on`);
  const shards = Array.from({ length: found.of }, (_, i) => ({ index: i + 1, of: found.of }));
  const missing = shards.filter(({ index }) => !found.done.has(index));
  if (missing.length > 0) {
    const first = missing[0]!.index;
    const more = options.lacking?.(first);
    throw new UserError(`${output}: ${missing.length} of ${found.of} shards are missing: ${missing.map(({ index }) => index).join(', ')}; extract with --shard ${first}/${found.of}${more === undefined ? '' : ` (${more})`}`);
  }
  const files = shards.map((shard) => shardFile(output, shard));
  const reports = await Promise.all(files.map(async (file) => (await readReport(file))!));
  const [first] = reports;
  for (const [i, report] of reports.entries()) requireSame(files[i]!, report, { ...first!, shard: { ...shards[i]!, list: first!.shard.list } });
  return writeJoined(output, files, reports);
}

async function writeJoined(output: string, files: readonly string[], reports: readonly ShardReport[]): Promise<ExtractReport> {
  const full = files.filter((_, i) => reports[i]!.photos > 0);
  const { info, fingerprint, shape } = reports.find(({ photos }) => photos > 0) ?? reports[0]!;
  const ids: string[] = [];
  for (const file of full) ids.push(...(await idsOf(file)));
  const photos = reports.reduce((sum, report) => sum + report.photos, 0);
  if (ids.length === 0 || ids.length !== photos) throw new UserError(`${output}: its shards hold ${ids.length} photos, ${photos} were expected; extract them again`);
  const rowShape = shape.slice(1);
  await writeFeatures(output, { ids, rowShape, info, blocks: rowsOf(full, rowShape.reduce((a, b) => a * b, 1), ids.length) });
  const seconds = reports.reduce((sum, report) => sum + report.seconds, 0);
  const report: ExtractReport = {
    output, shape: [ids.length, ...rowShape], photos, resumed: reports.reduce((sum, { resumed }) => sum + resumed, 0),
    skipped: reports.flatMap(({ skipped }) => skipped), seconds, photosPerSecond: photos / seconds, info, fingerprint,
  };
  await writeFileAtomic(reportFile(output), `${JSON.stringify(report, null, 2)}\n`);
  return report;
}

async function idsOf(file: string): Promise<readonly string[]> {
  const table = await openFeatures(file, { maxBytes: 0 });
  try {
    return table.ids;
  } finally {
    table.close();
  }
}

/** The rows of all files, in blocks as `extractFeatures` writes them, so that they come to lie in the same chunks. */
async function* rowsOf(files: readonly string[], size: number, total: number): AsyncGenerator<Float32Array> {
  const count = Math.min(rowsPerBlock(size), total);
  const block = new Float32Array(count * size);
  let filled = 0;
  for (const file of files) {
    const table = await openFeatures(file, { maxBytes: 0 });
    try {
      for (let from = 0; from < table.ids.length;) {
        const ids = table.ids.slice(from, from + count - filled);
        table.rows(ids, block.subarray(filled * size));
        from += ids.length;
        filled += ids.length;
        if (filled < count) continue;
        yield block;
        filled = 0;
      }
    } finally {
      table.close();
    }
  }
  if (filled > 0) yield block.subarray(0, filled * size);
}

function reportFile(output: string): string {
  return `${output}.report.json`;
}

async function readReport(file: string): Promise<ShardReport | undefined> {
  const path = reportFile(file);
  return (await exists(path)) ? checkShape(reportSchema, await readJson(path, 'the report of the shard'), path) : undefined;
}

function requireSame(file: string, report: ShardReport, wanted: Pick<ShardReport, 'shard' | 'fingerprint'>): void {
  if (report.fingerprint !== wanted.fingerprint) throw new UserError(`${file}: features of another CNN, layer or preprocessing; delete it, or use --force`);
  const [is, should] = [report.shard, wanted.shard];
  if (is.list !== should.list) throw new UserError(`${file}: made from another list of photos, or with another --batch; delete it, or use --force`);
  if (is.index !== should.index || is.of !== should.of) throw new UserError(`${file}: it says that it is shard ${is.index}/${is.of}; was it renamed? Extract it again`);
}

/** Of the ids in their order and the size of batches: what decides which photos a shard has. */
function listFingerprint(photos: readonly Photo[], batch: number): string {
  return sha256([batch, ...photos.map(({ id }) => JSON.stringify(id))].join('\n'));
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
