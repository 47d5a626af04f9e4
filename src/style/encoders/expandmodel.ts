import { join } from 'node:path';
import { UserError } from '../../core/errors.ts';
import { resolveAtomicFolder, sha256File, writeFileAtomic, writeFolderAtomic } from '../../core/files.ts';
import { TensorFile } from '../../io/tensorfile.ts';
import type { SkipThoughtsOptions } from '../../models/skipthoughts.ts';
import { skipThoughtsSchema } from '../../models/skipthoughts.ts';
import { SPECIALS } from '../../text/vocabulary.ts';
import type { WordVectorOptions } from '../../text/wordvectors.ts';
import { readWordVectors, requireMemory, wordVectorsSize } from '../../text/wordvectors.ts';
import { tableBytes } from '../../text/wordvectors/memory.ts';
import type { TaskCheckpoint } from '../../training/networklearner.ts';
import { readTaskCheckpoint } from '../../training/networklearner.ts';
import { bytesOf, Expansion } from './expandedwords.ts';
import type { ExpansionFit } from './expansion.ts';
import { fitExpansion, newWords } from './expansion.ts';
import { readExpansion, writeExpansion } from './expansionfiles.ts';
import { EXPANSION_FOLDER, openModelExpansion, SOURCE_FILE, weightsOf } from './modelexpansion.ts';
import type { WordTable } from './wordtable.ts';

export interface ExpandModelOptions {
  /** Added to each input's sum of squares. Default: 0, ordinary least squares. */
  readonly ridge?: number;
  /** Read no further than so many word vectors: files list the most frequent words first. */
  readonly limit?: number | undefined;
  /** `false` leaves the phrases of the Google News vectors out while reading: the expansion never has them. Default: true. */
  readonly phrases?: boolean;
  /** Told what reading takes, before anything large is read. */
  readonly onMemory?: (statement: string) => void;
  readonly onProgress?: (what: string, done: number, total: number) => void;
}

/** What an expansion came to. */
export interface ExpandedModel extends Pick<ExpansionFit, 'inputs' | 'outputs' | 'shared' | 'ridge' | 'method' | 'heldOut'> {
  /** Where it was written. */
  readonly folder: string;
  /** Words of the model's own, specials not counted. */
  readonly own: number;
  /** Words that it has gained. */
  readonly added: number;
  readonly fingerprint: string;
  /** The expansion that was there before, where one was whole. */
  readonly replaced: { readonly words: number; readonly inputs: number } | null;
}


type Checkpoint = TaskCheckpoint<SkipThoughtsOptions>;

/**
 * Expands the vocabulary of a trained skip-thoughts model by word vectors: fits the map from these to the model's own
 * word table and writes it with the vectors of the new words into the folder `expansion`, where `openSentenceEncoder` finds it.
 * An expansion that was there is replaced, whatever word vectors it was made of.
 * @param path of a run folder (its best checkpoint then) or a checkpoint folder
 * @throws UserError when it is of another task, memory is short, too few words are shared, or none is new; nothing is written then
 */
export async function expandModel(path: string, vectorsPath: string, options: ExpandModelOptions = {}): Promise<ExpandedModel> {
  const { ridge = 0, limit, phrases = true, onMemory, onProgress } = options;
  const checkpoint = await readTaskCheckpoint(path, 'skip-thoughts', skipThoughtsSchema);
  const reading: WordVectorOptions = { phrases, ...(limit !== undefined && { limit }) };
  onMemory?.(await statedMemory(checkpoint, vectorsPath, reading));
  const { words, data } = await ownWords(checkpoint);
  const vectors = await readWordVectors(vectorsPath, { ...reading, onProgress: (done, total) => onProgress?.('word vectors', done, total) });
  const fit = fitExpansion({ words, data }, vectors, { specials: SPECIALS.length, ridge });
  const rows = newWords(words, vectors);
  if (rows.length === 0) throw new UserError(`${vectorsPath}: none of its ${vectors.size} words is new to ${path}, which needs no expansion by them; give larger word vectors`);
  const folder = join(path, EXPANSION_FOLDER);
  const before = await readExpansion(await resolveAtomicFolder(folder), fit.outputs).catch(() => undefined);
  await before?.close();
  let read = 0;
  const expansion = new Expansion(fit, rows.map((row) => vectors.words[row]!), {
    read: (i, into) => {
      into.set(vectors.row(rows[i]!));
      // They are read twice: written, then hashed.
      if (++read % REPORT_EVERY === 0) onProgress?.('writing', read, 2 * rows.length);
    },
    close: async () => {},
  });
  await writeFolderAtomic(folder, async (fresh) => {
    await writeExpansion(fresh, expansion);
    const source = { weights: await sha256File(weightsOf(checkpoint)), dimension: vectors.dimension, words: vectors.size, limit: limit ?? null, phrases };
    await writeFileAtomic(join(fresh, SOURCE_FILE), `${JSON.stringify(source, null, 2)}\n`);
  });
  const { inputs, outputs, shared, method, heldOut } = fit;
  return {
    folder, own: words.length - SPECIALS.length, added: rows.length, inputs, outputs, shared, ridge, method, heldOut,
    fingerprint: expansion.fingerprint, replaced: before ? { words: before.words.length, inputs: before.fit.inputs } : null,
  };
}

const REPORT_EVERY = 10_000;


/** @throws UserError when word vectors and model do not fit into memory */
async function statedMemory({ vocabulary, head }: Checkpoint, vectorsPath: string, reading: WordVectorOptions): Promise<string> {
  const { words, dimension, bytes } = await wordVectorsSize(vectorsPath, reading);
  const E = head.model.embedding.size;
  // The new words have an index of their own; the fit has sums of products of inputs with inputs and outputs, in double precision.
  const all = bytes + tableBytes(words, 0) + tableBytes(vocabulary.size, E) + 4 * 8 * (dimension + 1) * (dimension + E);
  const statement = requireMemory(vectorsPath, all, 'give a limit of words, as --limit does');
  return `${words.toLocaleString('en')} word vectors of ${dimension} numbers: ${statement}`;
}

/** The model's words and their vectors, specials first. Nothing else of the weights is read. */
async function ownWords(checkpoint: Checkpoint): Promise<WordTable> {
  const { head: { model }, vocabulary } = checkpoint;
  const file = await TensorFile.open(weightsOf(checkpoint));
  try {
    const { shape, start } = file.tensor('embedding', 'F32', 2);
    const wanted = [vocabulary.size, model.embedding.size];
    if (shape.join() !== wanted.join()) throw new UserError(`${file.path}: tensor embedding has shape [${shape.join(', ')}] where [${wanted.join(', ')}] is needed: the file belongs to another model`);
    const data = new Float32Array(vocabulary.size * model.embedding.size);
    await file.read(bytesOf(data), start);
    return { words: vocabulary.words, data };
  } finally {
    await file.close();
  }
}

/** The words that a model can read, without the specials, and its expansion, to be closed, where it has one. */
export interface ModelWords {
  readonly own: WordTable;
  readonly expansion: Expansion | undefined;
}

/** @param path of a run or checkpoint folder @throws UserError when it is of another task, damaged, or the expansion is of other weights */
export async function readModelWords(path: string): Promise<ModelWords> {
  const checkpoint = await readTaskCheckpoint(path, 'skip-thoughts', skipThoughtsSchema);
  const { words, data } = await ownWords(checkpoint);
  const E = checkpoint.head.model.embedding.size;
  const own = { words: words.slice(SPECIALS.length), data: data.subarray(SPECIALS.length * E) };
  return { own, expansion: await openModelExpansion(path) };
}
