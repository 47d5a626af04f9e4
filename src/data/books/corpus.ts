import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { checkConfig } from '../../core/config.ts';
import { UserError } from '../../core/errors.ts';
import { readJson, resolveAtomicFolder, systemReason } from '../../core/files.ts';
import { decodeUtf8 } from '../../core/utf8.ts';
import type { CorpusReport } from './corpusreport.ts';

export type { CorpusJob } from './corpusmaker.ts';
export { writeCorpus } from './corpusmaker.ts';
export type { CorpusOptions, CorpusReport } from './corpusreport.ts';

/** A longer block is given in parts, so that a file without empty lines is read in constant memory. */
const LONGEST_BLOCK = 10_000;
const LINE_FEED = 10;

/**
 * The sentences of a corpus folder, or of a text file with a sentence a line, in blocks that stand together: an empty
 * line ends one, and none has more than 10,000.
 * @throws UserError when it is missing, has no sentence or is not UTF-8
 */
export async function* readSentenceBlocks(path: string): AsyncGenerator<string[]> {
  let block: string[] = [];
  for await (const line of corpusLines(path, 'sentences.txt', 'sentence')) {
    if (line !== '') block.push(line);
    if (block.length > 0 && (line === '' || block.length >= LONGEST_BLOCK)) {
      yield block;
      block = [];
    }
  }
  if (block.length > 0) yield block;
}

/** The passages of a corpus folder, or of a text file with a passage a line. @throws UserError as `readSentenceBlocks` */
export async function* readPassages(path: string): AsyncGenerator<string> {
  for await (const line of corpusLines(path, 'passages.txt', 'passage')) if (line !== '') yield line;
}

/** Only what every version has is checked; the rest is for people. */
const reportSchema = z.looseObject({
  format: z.literal('fabula-corpus'),
  version: z.literal(1),
  sources: z.array(z.looseObject({ path: z.string(), sha256: z.string() })),
  counts: z.looseObject({ sentences: z.int(), passages: z.int() }),
  files: z.looseObject({ 'sentences.txt': z.looseObject({ lines: z.int(), sha256: z.string() }), 'passages.txt': z.looseObject({ lines: z.int(), sha256: z.string() }) }),
});

/** What a corpus folder was made from. @throws UserError when it has no `corpus.json`, or one of another shape */
export async function readCorpusReport(folder: string): Promise<CorpusReport> {
  const path = join(await resolveAtomicFolder(folder), 'corpus.json');
  return checkConfig(reportSchema, await readJson(path, 'the facts of the corpus'), path) as unknown as CorpusReport;
}

async function* corpusLines(path: string, name: string, unit: string): AsyncGenerator<string> {
  const file = await corpusFile(path, name, unit);
  let empty = true;
  for await (const line of utf8Lines(file, `${unit}s`)) {
    empty &&= line === '';
    yield line;
  }
  if (empty) throw new UserError(`${file}: there is no ${unit} in it; write one a line, or make a corpus with fabula style books`);
}

async function corpusFile(path: string, name: string, unit: string): Promise<string> {
  const place = await resolveAtomicFolder(path);
  const facts = await stat(place).catch((error: unknown) => {
    throw new UserError(`${path}: cannot read ${unit}s: ${systemReason(error)}`);
  });
  if (!facts.isDirectory()) return place;
  const file = join(place, name);
  if (await stat(file).then((found) => found.isFile(), () => false)) return file;
  throw new UserError(`${path}: there is no ${name} in this folder; make a corpus with fabula style books SOURCES --out NAME, or name a text file with a ${unit} a line`);
}

/** Lines without white space around them. Pieces end at line feeds, which no character of UTF-8 holds. */
async function* utf8Lines(path: string, what: string): AsyncGenerator<string> {
  let rest = Buffer.alloc(0);
  let before = 0;
  const lines = function* (bytes: Buffer): Generator<string> {
    const read = decodePiece(bytes, path, before).split('\n');
    if (before === 0) read[0] = read[0]!.replace(/^\uFEFF/, '');
    before += read.length;
    for (const line of read) yield line.trim();
  };
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 18 })) {
      const bytes = Buffer.concat([rest, chunk as Buffer]);
      const end = bytes.lastIndexOf(LINE_FEED);
      if (end >= 0) yield* lines(bytes.subarray(0, end));
      rest = bytes.subarray(end + 1);
    }
  } catch (error) {
    if (error instanceof UserError || (error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new UserError(`${path}: cannot read ${what}: ${systemReason(error)}`);
  }
  if (rest.length > 0) yield* lines(rest);
}

function decodePiece(bytes: Buffer, path: string, before: number): string {
  try {
    return decodeUtf8(bytes, path);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(error.message.replace(/line (\d+)/, (_, line: string) => `line ${before + Number(line)}`));
  }
}
