import { readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { messageOf, UserError } from '../../core/errors.ts';
import { exists, sha256, sha256File, systemReason } from '../../core/files.ts';
import { weightFiles } from '../../features/onnxnames.ts';
import type { Device } from '../../runtime/choices.ts';
import { openSession } from '../../runtime/session.ts';
import type { Session } from '../../runtime/session.ts';
import { findEncoderFiles, readEncoderSettings } from './onnxfolder.ts';
import type { EncoderFiles, EncoderSettings, FoundSettings } from './onnxfolder.ts';
import { understandGraph } from './onnxgraph.ts';
import type { EncoderGraph } from './onnxgraph.ts';
import { normaliseRows, pool } from './pooling.ts';
import type { Pooling } from './pooling.ts';
import type { SentenceEncoder } from './sentenceencoder.ts';
import { readSubwordTokenizer } from './subwords.ts';
import type { Subwords, SubwordTokenizer } from './subwords.ts';

/** What is given here goes before what the encoder's own files say. */
export interface OnnxEncoderOptions extends EncoderSettings {
  /** Where it runs; `cpu` by default. */
  readonly device?: Device;
  /** 0, the default, = all cores. */
  readonly threads?: number;
  /** Sentences run at once; 32 by default. */
  readonly batch?: number;
  /** Tokenizer file, where it does not lie beside the model. */
  readonly tokenizer?: string;
  /** Which output of the model is used, where its names do not tell. */
  readonly output?: string;
}

/** A sentence encoder from an ONNX file, and what was found out about it. */
export interface OnnxEncoder extends SentenceEncoder {
  readonly output: string;
  /** Undefined where the model gives one vector a sentence. */
  readonly pooling: Pooling | undefined;
  readonly normalise: boolean;
  readonly maxLength: number;
  readonly lowerCase: boolean;
  /** Tokens of one sentence as the model is given them. */
  tokens(sentence: string): Subwords;
}

/** What BERT and its kin take at most, where nothing tells. */
const DEFAULT_LENGTH = 512;
/** Sentences sorted by length at once: enough that a batch has hardly any filling, few enough to hold their tokens. */
const SORTED = 8192;
const SAMPLE = 'a story of five photos';

/**
 * Any pretrained sentence encoder that was exported as ONNX, with its tokenizer. Pooling (mean), normalisation (none),
 * the most tokens (512) and lower case (as they are) come from sentence-transformers' files beside it, where there are
 * any. A quantised model whose scales depend on the batch gives a sentence slightly other vectors in other company.
 * @param path the `.onnx` file, or a folder with `model.onnx` or `onnx/model.onnx`, and `tokenizer.json` or `vocab.txt`
 * @throws UserError when files are missing or damaged, or the model's inputs and outputs are not a text encoder's
 */
export async function openOnnxEncoder(path: string, options: OnnxEncoderOptions = {}): Promise<OnnxEncoder> {
  if (options.batch !== undefined && !(Number.isInteger(options.batch) && options.batch > 0)) throw new UserError(`a batch of ${options.batch} sentences: give a whole number of at least 1`);
  const files = await findEncoderFiles(path, options.tokenizer);
  const tokenizer = await readSubwordTokenizer(files.tokenizer);
  const modelHash = await hashModel(files.model);
  const session = await openSession(files.model, { device: options.device ?? 'cpu', threads: options.threads ?? 0, fixedSizes: false });
  try {
    const sample = tokenizer.encode(SAMPLE, DEFAULT_LENGTH);
    const graph = await understandGraph(session, files.model, sample, tokenizer.padId, options.output);
    const settings = await settle(files, graph, tokenizer, options);
    const fingerprint = sha256(JSON.stringify([modelHash, tokenizer.fingerprint, graph.output, settings]));
    return new OnnxSentenceEncoder({ ...settings, name: nameOf(files), fingerprint, session, graph, tokenizer, batch: options.batch ?? 32 });
  } catch (error) {
    await session.dispose();
    throw error;
  }
}

/** SHA-256 of the model and, where they lie apart, its weights. */
async function hashModel(path: string): Promise<string> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new UserError(`${path}: cannot read the ONNX model: ${systemReason(error)}`);
  });
  let apart: string[];
  try {
    apart = weightFiles(bytes);
  } catch (error) {
    throw new UserError(`${path}: not an ONNX model, or not whole: ${messageOf(error)}`);
  }
  const hashes = [sha256(bytes)];
  for (const name of apart) {
    const file = join(dirname(path), name);
    if (!(await exists(file))) throw new UserError(`${file}: no such file: ${basename(path)} keeps its weights there; copy it too`);
    hashes.push(await sha256File(file));
  }
  return hashes.join(' ');
}

interface Settled {
  readonly pooling: Pooling | undefined;
  readonly normalise: boolean;
  readonly maxLength: number;
  readonly lowerCase: boolean;
}

async function settle(files: EncoderFiles, graph: EncoderGraph, tokenizer: SubwordTokenizer, options: OnnxEncoderOptions): Promise<Settled> {
  if (graph.pooled && options.pooling !== undefined) {
    throw new UserError(`${files.model}: its output ${graph.output} is one vector a sentence, pooled already: leave out pooling ${options.pooling}`);
  }
  const found = await readEncoderSettings(files.folder, graph.pooled);
  return {
    pooling: graph.pooled ? undefined : options.pooling ?? found.pooling ?? 'mean',
    normalise: options.normalise ?? found.normalise ?? false,
    maxLength: settleLength(files.model, graph, tokenizer, options.maxLength, found),
    lowerCase: options.lowerCase ?? found.lowerCase ?? false,
  };
}

/** As sentence-transformers does: its own setting, else the smaller of the model's places and the tokenizer's limit. */
function settleLength(path: string, graph: EncoderGraph, tokenizer: SubwordTokenizer, wanted: number | undefined, { maxLength, places }: FoundSettings): number {
  const most = Math.min(places ?? Infinity, graph.steps ?? Infinity);
  if (wanted !== undefined && wanted > most) throw new UserError(`${path}: it takes at most ${most} tokens a sentence, not ${wanted}`);
  const length = Math.min(wanted ?? maxLength ?? tokenizer.limit ?? DEFAULT_LENGTH, most);
  if (length < tokenizer.least) throw new UserError(`${path}: at most ${length} tokens a sentence leave no room for words: at least ${tokenizer.least} are needed`);
  return length;
}

/** The folder's name says more than `model.onnx`. */
function nameOf({ model }: EncoderFiles): string {
  if (basename(model) !== 'model.onnx') return basename(model, '.onnx');
  const folder = dirname(resolve(model));
  return basename(basename(folder) === 'onnx' ? dirname(folder) : folder);
}

interface Parts extends Settled {
  readonly name: string;
  readonly fingerprint: string;
  readonly session: Session;
  readonly graph: EncoderGraph;
  readonly tokenizer: SubwordTokenizer;
  readonly batch: number;
}

class OnnxSentenceEncoder implements OnnxEncoder {
  readonly name: string;
  readonly fingerprint: string;
  readonly size: number;
  readonly output: string;
  readonly pooling: Pooling | undefined;
  readonly normalise: boolean;
  readonly maxLength: number;
  readonly lowerCase: boolean;
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.name = parts.name;
    this.fingerprint = parts.fingerprint;
    this.size = parts.graph.size;
    this.output = parts.graph.output;
    this.pooling = parts.pooling;
    this.normalise = parts.normalise;
    this.maxLength = parts.maxLength;
    this.lowerCase = parts.lowerCase;
    this.#parts = parts;
  }

  tokens(sentence: string): Subwords {
    const text = sentence.trim();
    return this.#parts.tokenizer.encode(this.lowerCase ? text.toLowerCase() : text, this.maxLength);
  }

  async encode(sentences: readonly string[], onProgress?: (done: number) => void): Promise<Float32Array> {
    const out = new Float32Array(sentences.length * this.size);
    const batch = Math.min(this.#parts.batch, this.#parts.graph.rows ?? Infinity);
    for (let start = 0; start < sentences.length; start += SORTED) {
      const texts = sentences.slice(start, start + SORTED).map((sentence) => this.tokens(sentence));
      // A sentence without a token, which only tokenizers without end tokens give, stays zeros.
      const order = [...texts.keys()].filter((i) => texts[i]!.ids.length > 0).sort((a, b) => texts[b]!.ids.length - texts[a]!.ids.length);
      const empty = texts.length - order.length;
      for (let from = 0; from < order.length; from += batch) {
        const rows = order.slice(from, from + batch);
        const vectors = await this.#encodeBatch(rows.map((i) => texts[i]!));
        for (const [row, i] of rows.entries()) out.set(vectors.subarray(row * this.size, (row + 1) * this.size), (start + i) * this.size);
        onProgress?.(start + empty + from + rows.length);
      }
    }
    if (this.normalise) normaliseRows(out, this.size);
    return out;
  }

  async #encodeBatch(batch: readonly Subwords[]): Promise<Float32Array> {
    const { data, steps, size } = await this.#parts.graph.run(batch);
    if (steps === undefined || this.pooling === undefined) return data;
    return pool(data, batch.map(({ ids }) => ids.length), steps, size, this.pooling);
  }

  dispose(): Promise<void> {
    return this.#parts.session.dispose();
  }
}
