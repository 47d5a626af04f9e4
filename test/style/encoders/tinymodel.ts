import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '../../../src/core/random.ts';
import { skipThoughtsParameters, skipThoughtsSchema } from '../../../src/models/skipthoughts.ts';
import { initialValues } from '../../../src/nn/parameters.ts';
import { ParameterArena } from '../../../src/runtime/arena.ts';
import { SPECIALS, Vocabulary } from '../../../src/text/vocabulary.ts';
import { NOT_BEGUN, writeCheckpoint } from '../../../src/training/checkpointfiles.ts';

/** Numbers of a word vector, and of the model's own words. */
export const [D, E] = [4, 3];
/** Words of the word vectors: animals and things, the first of which the model knows. */
export const WORDS = Array.from({ length: 40 }, (_, i) => `${i % 2 === 0 ? 'animal' : 'thing'}${i}`);
export const KNOWN = 25;

const random = new Random(11);
const draw = (count: number): Float32Array => Float32Array.from({ length: count }, () => random.normal());
/** [words, D]: animals lie in one direction, things in another. */
export const VECTORS = draw(WORDS.length * D).map((value, i) => value * 0.2 + (i % D === Math.floor(i / D) % 2 ? 2 : 0));
const [matrix, intercept] = [draw(D * E), draw(E)];

/** What a word's own vector is: a linear map of its word vector. */
export function imageOf(word: string): number[] {
  const row = WORDS.indexOf(word);
  return Array.from(intercept, (b, e) => VECTORS.subarray(row * D, (row + 1) * D).reduce((sum, value, d) => sum + value * matrix[d * E + e]!, b));
}

/** A checkpoint of skip-thoughts with these words. @param task as its config.json calls it */
export async function writeTinyModel(folder: string, words: readonly string[] = WORDS.slice(0, KNOWN), { seed = 1, task = 'skip-thoughts' } = {}): Promise<string> {
  const model = skipThoughtsSchema.parse({ units: 6, embedding: { size: E } });
  const vocabulary = new Vocabulary([...SPECIALS, ...words]);
  const definitions = skipThoughtsParameters(model, vocabulary.size);
  const arena = new ParameterArena(definitions, 2);
  for (const [name, data] of initialValues(definitions, seed)) arena.values[name]!.data.set(data);
  words.forEach((word, i) => {
    if (WORDS.includes(word)) arena.values['embedding']!.data.set(imageOf(word), (SPECIALS.length + i) * E);
  });
  const head = {
    format: 'fabula checkpoint', version: 1, task, model, sizes: { vocabulary: vocabulary.size },
    vocabulary_fingerprint: vocabulary.fingerprint(), optimizer: 'adam' as const, needs: {},
  };
  await writeCheckpoint(folder, { head, vocabulary, arena, state: NOT_BEGUN });
  return folder;
}

/** GloVe text of these words. @param width numbers taken of each vector */
export async function writeTinyVectors(path: string, words: readonly string[] = WORDS, width = D): Promise<string> {
  const line = (word: string): string => [word, ...VECTORS.subarray(WORDS.indexOf(word) * D, WORDS.indexOf(word) * D + width)].join(' ');
  await writeFile(path, `${words.map(line).join('\n')}\n`);
  return path;
}

/** A run folder with a model, and word vectors beside it. */
export async function tinyModel(): Promise<{ readonly folder: string; readonly run: string; readonly vectors: string; at(name: string): string }> {
  const folder = await mkdtemp(join(tmpdir(), 'fabula-tiny-model-'));
  const at = (name: string): string => join(folder, name);
  await writeTinyModel(at('run/checkpoints/best'));
  return { folder, run: at('run'), vectors: await writeTinyVectors(at('vectors.txt')), at };
}
