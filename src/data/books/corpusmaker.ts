import { readdir, stat, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { UserError } from '../../core/errors.ts';
import { exists, readText, sha256, systemReason, writeFolderAtomic } from '../../core/files.ts';
import type { CorpusOptions, CorpusReport } from './corpusreport.ts';
import { corpusSchema } from './corpusreport.ts';
import { CorpusWriter } from './corpuswriter.ts';
import { listBooks } from './sources.ts';

/** Books to make a corpus of. */
export interface CorpusJob {
  /** Files and folders. */
  readonly sources: readonly string[];
  /** Folder to write. */
  readonly out: string;
  readonly options?: Partial<CorpusOptions>;
  /** A file of known words, one a line: paragraphs with too few of them are left out. */
  readonly wordList?: string;
  /** Told the bytes read so far and those of all files; each file is read twice, which counts as once. */
  readonly onProgress?: (done: number, total: number, path: string) => void;
}

/**
 * Makes the corpus folder of books: `sentences.txt`, `passages.txt` and `corpus.json`, whole or not at all. Memory does not
 * grow with the books. Files that cannot be used are left out and listed.
 * @throws UserError when nothing is left, a source is missing, or `out` is a folder of something else
 */
export async function writeCorpus({ sources, out, options: asked = {}, wordList, onProgress }: CorpusJob): Promise<CorpusReport> {
  const options = corpusSchema.parse(asked);
  const paths = await listBooks(sources);
  if (paths.length === 0) throw new UserError('no books: name text files or folders');
  await refuseForeign(out, paths);
  const known = wordList === undefined ? undefined : await readWordList(wordList);
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  let report: CorpusReport | undefined;
  await writeFolderAtomic(out, async (folder) => {
    const writer = new CorpusWriter(folder, options, known?.words);
    try {
      await writer.open();
      let before = 0;
      for (const [i, path] of paths.entries()) {
        await writer.add(path, (share) => onProgress?.(before + Math.round(share * sizes[i]!), total, path));
        before += sizes[i]!;
      }
    } finally {
      await writer.close();
    }
    report = { ...writer.report(), word_list: known?.facts ?? null };
    if (report.counts.sentences === 0) throw nothingLeft(report);
    await writeFile(join(folder, 'corpus.json'), `${JSON.stringify(report, null, 2)}\n`);
  }).catch((error: unknown) => {
    throw error instanceof UserError || (error as NodeJS.ErrnoException).code === undefined ? error : new UserError(`${out}: the corpus cannot be written: ${systemReason(error)}`);
  });
  return report!;
}

/** The corpus takes the place of `out`: that must not be somebody's folder of books. */
async function refuseForeign(out: string, paths: readonly string[]): Promise<void> {
  const inside = paths.find((path) => !relative(resolve(out), resolve(path)).startsWith('..'));
  if (inside !== undefined) throw new UserError(`--out ${out}: ${inside} lies in it and would be replaced; give the corpus a folder of its own`);
  if (!(await exists(out)) || (await exists(join(out, 'corpus.json')))) return;
  const entries = await readdir(out).catch((error: unknown) => {
    throw new UserError(`--out ${out}: cannot be replaced by a folder: ${systemReason(error)}`);
  });
  if (entries.length > 0) throw new UserError(`--out ${out}: this folder exists and is not a corpus; give another name`);
}

async function readWordList(path: string): Promise<{ words: ReadonlySet<string>; facts: NonNullable<CorpusReport['word_list']> }> {
  const text = await readText(path, 'the word list');
  const words = new Set(text.normalize('NFC').toLowerCase().replaceAll('’', "'").split(/\r?\n/).map((word) => word.trim()).filter((word) => word !== ''));
  if (words.size === 0) throw new UserError(`${path}: the word list is empty; give one word a line`);
  return { words, facts: { path, sha256: sha256(text), words: words.size } };
}

function nothingLeft({ skipped, dropped, sources }: CorpusReport): UserError {
  if (sources.length === 0 && skipped.length === 1) return new UserError(skipped[0]!.reason);
  const reasons = Object.entries(dropped).flatMap(([what, counts]) => Object.entries(counts).filter(([, n]) => n > 0).map(([why, n]) => `${n} ${what}: ${why}`));
  return new UserError(`nothing is left of ${sources.length + skipped.length} files (${reasons.join(', ') || 'there is no sentence in them'})${skipped[0] === undefined ? '' : `; the first: ${skipped[0].reason}`}`);
}
