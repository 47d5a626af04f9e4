import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { promisify } from 'node:util';
import { createGunzip, gzip } from 'node:zlib';
import { z } from 'zod';
import { messageOf, UserError } from '../core/errors.ts';
import { systemReason, writeFileAtomic } from '../core/files.ts';
import { checkShape } from './schema.ts';

const FORMAT = 'fabula-document-frequencies';

/** Longest n-gram of the format: CIDEr's. */
const ORDERS = 4;

/** Entries compressed and written together. */
const BATCH = 50_000;

const LINE_FEED = 10;
const GZIP_MAGIC = [0x1f, 0x8b];

/** Frequencies are counted in 32 bits. */
const LARGEST = 2 ** 31 - 1;

const wholeFrom = (low: number) => z.number().refine((value) => Number.isInteger(value) && value >= low && value <= LARGEST, `expected a whole number from ${low} to ${LARGEST}`);

const Header = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(1, 'expected version 1, as this release reads'),
  segments: wholeFrom(1),
  tokenizer: z.string().nullable(),
  orders: z.literal(ORDERS, `expected ${ORDERS}, the orders of CIDEr`),
  ngrams: wholeFrom(0),
});

/** What `coco-train-words.p` of self-critical training holds, converted; its `ref_len` is a number of images, not its logarithm. */
const Converted = z.object({
  ref_len: wholeFrom(1),
  tokenizer: z.string().nullable().optional(),
  document_frequency: z.custom<Record<string, unknown>>((value) => typeof value === 'object' && value !== null && !Array.isArray(value), 'expected an object'),
});

/** What document frequencies were counted from. */
export interface FrequencyHeader {
  /** Segments (images, stories) that were counted. */
  readonly segments: number;
  /** The name of the tokenizer that cut their references, or null where it is not known. */
  readonly tokenizer: string | null;
}

/** Document frequencies to be written: `DocumentFrequencies` of evaluation, or anything like it. */
export interface FrequencySource extends FrequencyHeader {
  /** n-grams of 1 to 4 words joined by single spaces, each with the number of segments that hold it. */
  entries(): Iterable<readonly [ngram: string, segments: number]>;
}

/** What takes them in while they are read. */
export interface FrequencySink {
  /** @returns false when the n-gram was there already */
  set(ngram: string, segments: number): boolean;
}

/**
 * Writes document frequencies as JSON lines, compressed when the name ends in `.gz`: a header
 * `{"format": "fabula-document-frequencies", "version": 1, "segments": .., "tokenizer": .., "orders": 4, "ngrams": ..}`
 * and then `["the beach", 12]` for every n-gram.
 */
export async function writeDocumentFrequencies(path: string, frequencies: FrequencySource): Promise<void> {
  const pack = path.endsWith('.gz') ? promisify<Uint8Array, Uint8Array>(gzip) : (bytes: Uint8Array) => Promise.resolve(bytes);
  const parts: Uint8Array[] = [];
  let lines: string[] = [];
  let ngrams = 0;
  // Parts compressed by themselves and joined are one gzip file.
  const flush = async (): Promise<void> => {
    parts.push(await pack(Buffer.from(lines.join(''))));
    lines = [];
  };
  for (const entry of frequencies.entries()) {
    ngrams++;
    if (lines.push(`${JSON.stringify(entry)}\n`) === BATCH) await flush();
  }
  if (lines.length > 0) await flush();
  const { segments, tokenizer } = frequencies;
  const header = JSON.stringify({ format: FORMAT, version: 1, segments, tokenizer, orders: ORDERS, ngrams } satisfies z.infer<typeof Header>);
  await writeFileAtomic(path, [await pack(Buffer.from(`${header}\n`)), ...parts]);
}

/**
 * Reads what `writeDocumentFrequencies` wrote, or the frequencies of another project converted to one JSON object
 * `{"ref_len": 113287, "document_frequency": {"the beach": 12, ...}}`, plain or compressed. In Python, of the pickled
 * `coco-train-words.p`: `json.dump({"ref_len": p["ref_len"], "document_frequency": {" ".join(k): v for k, v in
 * p["document_frequency"].items()}}, file)`. A file in lines goes into the sink as it is read.
 * @param make makes what takes the n-grams in
 * @throws UserError naming the line or field when the file is missing, cut short or not of this form
 */
export async function readDocumentFrequencies<S extends FrequencySink>(path: string, make: (header: FrequencyHeader) => S): Promise<S> {
  const blocks = readBlocks(path);
  const { value: first } = await blocks.next();
  if (first === undefined) throw new UserError(`${path}: the file is empty; document frequencies are needed`);
  const start = first.lines[0]!.replace(/^\uFEFF/, '');
  const header = parse(start);
  if (typeof header === 'object' && header !== null && 'format' in header) return readLines(path, header, first.lines.slice(1), blocks, make);
  const text = [start, ...first.lines.slice(1)];
  for await (const { lines } of blocks) text.push(...lines);
  return readConverted(path, text.join('\n'), make);
}

async function readLines<S extends FrequencySink>(path: string, head: object, first: string[], blocks: AsyncIterable<Block>, make: (header: FrequencyHeader) => S): Promise<S> {
  const header = checkShape(Header, head, `${path}: line 1`);
  const sink = make({ segments: header.segments, tokenizer: header.tokenizer });
  let ngrams = 0;
  const take = (lines: readonly string[], from: number): void => {
    for (const [i, line] of lines.entries()) {
      addLine(sink, line, header.segments, `${path}: line ${from + i}`);
      ngrams++;
    }
  };
  take(first, 2);
  for await (const { lines, from } of blocks) take(lines, from);
  if (ngrams !== header.ngrams) throw new UserError(`${path}: ${ngrams} n-grams, where its first line says ${header.ngrams}; the file is not whole, so make it again`);
  return sink;
}

function addLine(sink: FrequencySink, line: string, segments: number, where: string): void {
  const entry = parse(line);
  if (!Array.isArray(entry) || entry.length !== 2 || typeof entry[0] !== 'string') throw new UserError(`${where}: expected ["n-gram", segments], found ${clip(line)}`);
  addEntry(sink, entry[0], entry[1], segments, where);
}

function addEntry(sink: FrequencySink, ngram: string, value: unknown, segments: number, where: string): void {
  const words = ngram.split(' ');
  if (words.length > ORDERS || words.includes('')) throw new UserError(`${where}: expected 1 to ${ORDERS} words joined by single spaces, found ${clip(JSON.stringify(ngram))}`);
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > segments) {
    throw new UserError(`${where}: expected a whole number from 1 to ${segments}, the segments counted, found ${clip(JSON.stringify(value) ?? 'nothing')}`);
  }
  if (!sink.set(ngram, value)) throw new UserError(`${where}: ${clip(JSON.stringify(ngram))} is there twice; keep one`);
}

function readConverted<S extends FrequencySink>(path: string, text: string, make: (header: FrequencyHeader) => S): S {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new UserError(`${path}: document frequencies are not valid JSON: ${messageOf(error).replace(/\s+/g, ' ')}`);
  }
  const table = checkShape(Converted, json, path, `document frequencies are needed: JSON lines with a header, or {"ref_len": .., "document_frequency": {"two words": ..}}`);
  const sink = make({ segments: table.ref_len, tokenizer: table.tokenizer ?? null });
  for (const [ngram, value] of Object.entries(table.document_frequency)) {
    // Python's defaultdict keeps a 0 for whatever was looked up in vain.
    if (value !== 0) addEntry(sink, ngram, value, table.ref_len, `${path}: document_frequency[${clip(JSON.stringify(ngram))}]`);
  }
  return sink;
}

/** Lines of a file that came together, and the number of the first of them, from 1. */
interface Block {
  readonly lines: string[];
  readonly from: number;
}

/** The lines of a file in UTF-8, plain or compressed; memory is that of a chunk and a line. */
async function* readBlocks(path: string): AsyncGenerator<Block, undefined, undefined> {
  let rest: Uint8Array[] = [];
  let from = 1;
  for await (const chunk of readBytes(path)) {
    const end = chunk.lastIndexOf(LINE_FEED);
    rest.push(end < 0 ? chunk : chunk.subarray(0, end));
    if (end < 0) continue;
    const lines = decode(Buffer.concat(rest), from, path);
    yield { lines, from };
    from += lines.length;
    rest = [chunk.subarray(end + 1)];
  }
  const last = Buffer.concat(rest);
  if (last.length > 0) yield { lines: decode(last, from, path), from };
}

/** The bytes of a file, decompressed where it begins as gzip does. */
async function* readBytes(path: string): AsyncGenerator<Uint8Array> {
  try {
    const compressed = await beginsWith(path, GZIP_MAGIC);
    const file = createReadStream(path, { highWaterMark: 2 ** 20 });
    // An error of the file reaches whoever reads the pipeline's end.
    const bytes = compressed ? pipeline(file, createGunzip({ chunkSize: 2 ** 18 }), () => undefined) : file;
    for await (const chunk of bytes) yield chunk as Uint8Array;
  } catch (error) {
    if (String((error as NodeJS.ErrnoException).code).startsWith('Z_')) {
      throw new UserError(`${path}: the compressed file is cut short or damaged (${messageOf(error)}); make or fetch it again`);
    }
    throw new UserError(`${path}: cannot read document frequencies: ${systemReason(error)}`);
  }
}

async function beginsWith(path: string, bytes: readonly number[]): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(bytes.length), 0, bytes.length, 0);
    return bytesRead === bytes.length && bytes.every((byte, i) => buffer[i] === byte);
  } finally {
    await file.close();
  }
}

/** Lines of a block without their line ends. @throws UserError naming the first that is not UTF-8 */
function decode(bytes: Uint8Array, from: number, path: string): string[] {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  try {
    return decoder.decode(bytes).split('\n');
  } catch {
    // Invalid bytes become U+FFFD, which hardly any text holds otherwise.
    const lines = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes).split('\n');
    const bad = lines.findIndex((line) => line.includes('\ufffd'));
    throw new UserError(`${path}: line ${from + bad} is not valid UTF-8; save the file as UTF-8`);
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function clip(content: string): string {
  const text = content.trim();
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
