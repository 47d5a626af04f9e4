import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../../core/errors.ts';
import { exists, readJson, readText, writeFileAtomic } from '../../core/files.ts';
import { TensorFile, tensorHeader } from '../../io/tensorfile.ts';
import { bytesOf, Expansion } from './expandedwords.ts';

/** Map and word vectors: `matrix` F64 [D, E], `intercept` F64 [E], `vectors` F32 [words, D]. */
const TENSORS = 'expansion.safetensors';
/** The words of the rows of `vectors`, one a line. */
const WORDS = 'expansion-words.txt';
/** How the map was fitted, and how well. */
const FACTS = 'expansion.json';

const Facts = z.object({
  words: z.int().min(0),
  inputs: z.int().positive(),
  outputs: z.int().positive(),
  shared: z.int().positive(),
  ridge: z.number().min(0),
  method: z.enum(['cholesky', 'qr']),
  heldOut: z.object({ words: z.int().positive(), meanSquaredError: z.number(), r2: z.number() }).optional(),
  fingerprint: z.string().regex(/^[0-9a-f]{64}$/),
});

/** Writes an expansion into an encoder's folder: three files, the one that `readExpansion` looks for first written last. */
export async function writeExpansion(folder: string, expansion: Expansion): Promise<void> {
  const { fit, words } = expansion;
  if (words.some((word) => /[\r\n]/.test(word))) throw new UserError(`${folder}: a word with a line break cannot be written; leave it out of the word vectors`);
  await mkdir(folder, { recursive: true });
  await rm(join(folder, FACTS), { force: true });
  await writeFileAtomic(join(folder, TENSORS), tensorParts(expansion));
  await writeFileAtomic(join(folder, WORDS), words.map((word) => `${word}\n`).join(''));
  const { inputs, outputs, shared, ridge, method, heldOut } = fit;
  const facts: z.infer<typeof Facts> = { words: words.length, inputs, outputs, shared, ridge, method, heldOut, fingerprint: expansion.fingerprint };
  await writeFileAtomic(join(folder, FACTS), `${JSON.stringify(facts, null, 2)}\n`);
}

/** Piece by piece: the vectors may be longer than memory. */
function* tensorParts(expansion: Expansion): Generator<Uint8Array> {
  const { fit: { matrix, intercept, inputs: D, outputs: E }, words } = expansion;
  yield tensorHeader({
    matrix: { dtype: 'F64', shape: [D, E] },
    intercept: { dtype: 'F64', shape: [E] },
    vectors: { dtype: 'F32', shape: [words.length, D] },
  });
  yield bytesOf(matrix);
  yield bytesOf(intercept);
  for (const piece of expansion.vectors()) yield bytesOf(piece);
}

/** Whether a folder holds an expansion. */
export async function hasExpansion(folder: string): Promise<boolean> {
  return exists(join(folder, FACTS));
}

/**
 * Opens the expansion of an encoder's folder. The words are read into memory (about 100 bytes each), their vectors stay
 * in the file until asked for; `close()` it at the end.
 * @param outputs numbers of the encoder's word vectors
 * @throws UserError when a file is missing or cut, the files are not of one writing, or the encoder has another width
 */
export async function readExpansion(folder: string, outputs: number): Promise<Expansion> {
  const path = join(folder, FACTS);
  const parsed = Facts.safeParse(await readJson(path, 'the vocabulary expansion'));
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new UserError(`${path}: ${issue.path.join('.') || 'the file'}: ${issue.message}; expand the vocabulary again`);
  }
  const { words: count, fingerprint, ...facts } = parsed.data;
  if (facts.outputs !== outputs) {
    throw new UserError(`${path}: the expansion makes vectors of ${facts.outputs} numbers, but the encoder's words have ${outputs}; expand the vocabulary again`);
  }
  const wordsPath = join(folder, WORDS);
  const words = (await readText(wordsPath, 'words of the expansion')).split('\n').slice(0, -1);
  if (words.length !== count) throw new UserError(`${wordsPath}: ${words.length} words, but ${FACTS} counts ${count}; expand the vocabulary again`);
  const file = await TensorFile.open(join(folder, TENSORS));
  try {
    const vectors = shaped(file, 'vectors', 'F32', [count, facts.inputs]);
    const matrix = await readNumbers(file, 'matrix', [facts.inputs, outputs]);
    const intercept = await readNumbers(file, 'intercept', [outputs]);
    return new Expansion({ ...facts, heldOut: facts.heldOut, matrix, intercept }, words, {
      read: (row, into) => file.readNow(bytesOf(into), vectors + row * facts.inputs * 4),
      close: () => file.close(),
    }, fingerprint);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Where a tensor's bytes begin. */
function shaped(file: TensorFile, name: string, dtype: 'F32' | 'F64', shape: readonly number[]): number {
  const found = file.tensor(name, dtype, shape.length);
  if (found.shape.some((length, i) => length !== shape[i])) {
    throw new UserError(`${file.path}: tensor ${name} is [${found.shape.join(', ')}], but ${FACTS} says [${shape.join(', ')}]; expand the vocabulary again`);
  }
  return found.start;
}

async function readNumbers(file: TensorFile, name: string, shape: readonly number[]): Promise<Float64Array> {
  const start = shaped(file, name, 'F64', shape);
  const numbers = new Float64Array(shape.reduce((a, b) => a * b, 1));
  await file.read(bytesOf(numbers), start);
  return numbers;
}
