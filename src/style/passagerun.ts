import { appendFile, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { checkConfig } from '../core/config.ts';
import { messageOf, UserError } from '../core/errors.ts';
import { exists, readJson, systemReason, writeFileAtomic } from '../core/files.ts';
import type { Photo } from '../features/photolist.ts';
import { filterJsonLines, readJsonLines } from '../tracking/jsonlines.ts';
import type { PassageRecord } from './passagefile.ts';
import { formatPassageLine } from './passagefile.ts';
import type { StyledPassage, StyleStoryteller } from './storyteller.ts';
import { PHOTOS_TOGETHER } from './storyteller.ts';
import type { StyleTellingSettings } from './tellingoptions.ts';

/** Passages of many photos, written to a file as they are told. */
export interface PassageRun {
  readonly photos: readonly Photo[];
  readonly styles: readonly string[];
  readonly settings: StyleTellingSettings;
  /** The `.jsonl` file; it is continued where it is there. */
  readonly out: string;
  /** What to do about a photo that cannot be read or has no caption: end, or go on without it. */
  readonly bad: 'fail' | 'skip';
  /** Captions noted with each passage. */
  readonly noted: number;
  /** Told the passages told, of all. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Told of a photo that is gone on without. */
  readonly onSkip?: (reason: string) => void;
  readonly signal?: AbortSignal;
}

/** What a run came to. */
export interface PassageRunResult {
  /** Passages told now. */
  readonly told: number;
  /** Those that the file held already. */
  readonly before: number;
  /** Photos for which no passage could be generated, or that were skipped. */
  readonly without: number;
  readonly interrupted: boolean;
}

/**
 * Tells passages of many photos in one or several styles. Each is appended when it is told, so that a run that was
 * stopped goes on where it was; a line cut by a crash is told again.
 * @throws UserError when the file holds passages that were told otherwise, or something else
 */
export async function runPassages(storyteller: StyleStoryteller, asked: PassageRun): Promise<PassageRunResult> {
  const run = { ...asked, styles: [...new Set(asked.styles)] };
  const done = await begin(storyteller, run);
  const total = run.photos.length * run.styles.length;
  let [told, written, without] = [0, 0, 0];
  const missing = run.photos.filter(({ id }) => run.styles.some((style) => !done.has(keyOf(id, style))));
  for (let from = 0; from < missing.length; from += PHOTOS_TOGETHER) {
    if (run.signal?.aborted) return { told, before: done.size, without, interrupted: true };
    const { photos, vectors } = await readable(storyteller, missing.slice(from, from + PHOTOS_TOGETHER), run);
    without += Math.min(PHOTOS_TOGETHER, missing.length - from) - photos.length;
    for (const style of run.styles) {
      const wanted = photos.map((_, i) => i).filter((i) => !done.has(keyOf(photos[i]!.id, style)));
      if (wanted.length === 0) continue;
      const passages = await storyteller.tell(wanted.map((i) => vectors[i]!), wanted.map((i) => photos[i]!.path), style, run.settings);
      const records = passages.flatMap((passage, i): PassageRecord[] => (passage instanceof UserError ? refuse(passage, run) : [recordOf(photos[wanted[i]!]!, style, passage, run.noted)]));
      await append(run.out, records);
      const nothing = records.filter(({ passage }) => passage === null).length;
      written += records.length;
      told += records.length - nothing;
      without += wanted.length - records.length + nothing;
    }
    run.onProgress?.(done.size + written, total);
    // ONNX Runtime blocks the thread: give Ctrl-C its turn.
    await new Promise(setImmediate);
  }
  return { told, before: done.size, without, interrupted: false };
}

/** The record of a passage, as it is written. @param noted captions that are noted */
export function recordOf({ id, path }: Photo, style: string, passage: StyledPassage, noted: number): PassageRecord {
  return {
    id, image: path, style, passage: passage.text, nll: passage.nll, words: passage.tokens.length, rejected: passage.rejected,
    captions: passage.captions.slice(0, noted).map(({ text, score }) => ({ text, score })),
  };
}

function keyOf(id: string, style: string): string {
  return JSON.stringify([id, style]);
}

/** A fingerprint for each style. */
const toldSchema = z.record(z.string(), z.string());

/** What is done already; the file that says how it was told lies beside it. */
async function begin(storyteller: StyleStoryteller, { styles, settings, out }: PassageRun): Promise<Set<string>> {
  const settingsFile = `${out.replace(/\.jsonl$/i, '')}.settings.json`;
  const now: Record<string, string> = {};
  for (const style of styles) now[style] = await storyteller.fingerprint(style, settings);
  const then = (await exists(settingsFile)) ? checkConfig(toldSchema, await readJson(settingsFile, 'how passages were told'), settingsFile) : {};
  const rows = await passagesBefore(out, Object.keys(then).length > 0);
  for (const style of styles) {
    const told = rows.some((row) => row.style === style);
    if (told && then[style] !== now[style]) {
      throw new UserError(`${out}: holds passages in style ${style} that were told with another storyteller or other options: give another file, or delete it with ${settingsFile}`);
    }
  }
  await mkdir(dirname(out), { recursive: true }).catch((error: unknown) => {
    throw new UserError(`${dirname(out)}: cannot be made: ${systemReason(error)}`);
  });
  await filterJsonLines<PassageRecord>(out, () => true);
  await writeFileAtomic(settingsFile, `${JSON.stringify({ ...then, ...now }, null, 2)}\n`);
  return new Set(rows.filter(({ style }) => styles.includes(style)).map(({ id, style }) => keyOf(id, style)));
}

/**
 * The passages in a file; a last line that a crash has cut is left out.
 * @param ours a run has written to it
 * @throws UserError for a file of something else, which must not be touched
 */
async function passagesBefore(out: string, ours: boolean): Promise<readonly PassageRecord[]> {
  const { rows, damaged } = await readJsonLines<Partial<PassageRecord>>(out);
  const cut = ours && damaged.length === 1 && damaged[0]! > rows.length;
  const other = rows.findIndex(({ id, style }) => typeof id !== 'string' || typeof style !== 'string');
  if ((damaged.length === 0 || cut) && other < 0) return rows as readonly PassageRecord[];
  throw new UserError(`${out}: is there already, and line ${other < 0 ? damaged[0] : other + 1} is no passage: give another file`);
}

/** Photos through the CNN; where one cannot be read, one after the other, to know which. */
async function readable(storyteller: StyleStoryteller, photos: readonly Photo[], run: PassageRun): Promise<{ photos: Photo[]; vectors: Float32Array[] }> {
  try {
    return { photos: [...photos], vectors: await storyteller.photoVectors(photos.map(({ path }) => path)) };
  } catch (error) {
    if (!(error instanceof UserError) || photos.length === 0) throw error;
    if (run.bad === 'fail') throw new UserError(`${error.message} (--bad skip goes on without such photos)`);
  }
  const good: { photos: Photo[]; vectors: Float32Array[] } = { photos: [], vectors: [] };
  for (const photo of photos) {
    try {
      const [vector] = await storyteller.photoVectors([photo.path]);
      good.photos.push(photo);
      good.vectors.push(vector!);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      run.onSkip?.(messageOf(error));
    }
  }
  return good;
}

function refuse(reason: UserError, { bad, onSkip }: PassageRun): [] {
  if (bad === 'fail') throw reason;
  onSkip?.(reason.message);
  return [];
}

/** In one write, on disk before the next photos are told. */
async function append(path: string, records: readonly PassageRecord[]): Promise<void> {
  await appendFile(path, records.map(formatPassageLine).join(''));
  const file = await open(path, 'r+');
  await file.sync();
  await file.close();
}
