import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { checkConfig } from '../../core/config.ts';
import { UserError } from '../../core/errors.ts';
import { exists, readJson } from '../../core/files.ts';
import { readWordVectors, requireMemory, wordVectorsSize } from '../../text/wordvectors.ts';
import { tableBytes } from '../../text/wordvectors/memory.ts';
import { readModelWords } from './expandmodel.ts';
import { ENCODER_FILE, encoderFileSchema } from './open.ts';
import type { WordTable } from './wordtable.ts';
import { widthOf } from './wordtable.ts';

/**
 * The words of an encoder with their vectors: of skip-thoughts its own, then those of its expansion; or word vectors.
 * @throws UserError when the encoder has no words of its own, is damaged, or memory is short
 */
export async function encoderWords(path: string, onProgress?: (what: string, done: number, total: number) => void): Promise<WordTable> {
  if (!(await exists(path))) {
    throw new UserError(path.includes('+')
      ? `${path}: several encoders have several tables of words; name one of them`
      : `${path}: no such file or folder: words are those of a run of skip-thoughts, or of word vectors`);
  }
  const isFolder = (await stat(path)).isDirectory();
  const has = (name: string): Promise<boolean> => exists(join(path, name));
  if (path.endsWith('.onnx') || (isFolder && (await has('tokenizer.json') || await has('vocab.txt')))) {
    throw new UserError(`${path}: an ONNX encoder has vectors of sentences, none of words; give a run of skip-thoughts or word vectors`);
  }
  if (isFolder && await has(ENCODER_FILE)) {
    const file = join(path, ENCODER_FILE);
    const { parts } = checkConfig(encoderFileSchema, await readJson(file, 'the sentence encoder'), file);
    if (parts.length > 1) throw new UserError(`${path}: several encoders have several tables of words; name one of them, such as ${join(path, parts[0]!)}`);
    return encoderWords(join(path, parts[0]!), onProgress);
  }
  if (isFolder && (await has('checkpoints') || await has('weights.safetensors'))) return modelTable(path, onProgress);
  const { bytes } = await wordVectorsSize(path);
  requireMemory(path, bytes, 'give smaller word vectors');
  return readWordVectors(path, { onProgress: (done, total) => onProgress?.('word vectors', done, total) });
}

async function modelTable(path: string, onProgress?: (what: string, done: number, total: number) => void): Promise<WordTable> {
  const { own, expansion } = await readModelWords(path);
  if (expansion === undefined) return own;
  try {
    const E = widthOf(own);
    const words = [...own.words, ...expansion.words];
    requireMemory(`${path}: its expanded vocabulary`, tableBytes(words.length, E), 'expand it by fewer words: fabula style expand --limit');
    const data = new Float32Array(words.length * E);
    data.set(own.data);
    expansion.words.forEach((word, i) => {
      data.set(expansion.lookup(word)!, (own.words.length + i) * E);
      if ((i + 1) % REPORT_EVERY === 0) onProgress?.('mapping words', i + 1, expansion.words.length);
    });
    return { words, data };
  } finally {
    await expansion.close();
  }
}

const REPORT_EVERY = 1000;
