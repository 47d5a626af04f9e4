import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { checkConfig } from '../../core/config.ts';
import { UserError } from '../../core/errors.ts';
import { exists, readJson } from '../../core/files.ts';
import type { RuntimeOptions } from '../../runtime/jit.ts';
import { readWordVectors } from '../../text/wordvectors.ts';
import { CombinedEncoder } from './combinedencoder.ts';
import { openModelExpansion } from './modelexpansion.ts';
import { MeanWords } from './meanwords.ts';
import { openOnnxEncoder } from './onnxencoder.ts';
import type { SentenceEncoder } from './sentenceencoder.ts';
import type { SkipThoughtsEncoding } from './skipthoughtsencoder.ts';
import { SkipThoughtsEncoder } from './skipthoughtsencoder.ts';

/** The file that makes a folder one of an encoder of several parts. */
export const ENCODER_FILE = 'encoder.json';

/** encoder.json. */
export const encoderFileSchema = z.strictObject({
  format: z.literal('fabula sentence encoder'),
  parts: z.array(z.string()).min(1).describe('the parts, folders or files below this one'),
  normalise: z.boolean().default(true).describe('each part\'s vectors have length 1'),
  end: z.boolean().default(true).describe('END is read after the words, as in training; Kiros\' encoder leaves it out'),
});
export type EncoderFile = z.infer<typeof encoderFileSchema>;

const WHAT = 'a sentence encoder is a run of skip-thoughts, two joined by "+", an ONNX file with its tokenizer, or word vectors';

/**
 * Opens a sentence encoder: a run or checkpoint of skip-thoughts, several joined by "+" (`runs/uni+runs/bi` is
 * combine-skip), a folder with encoder.json, an ONNX encoder (`.onnx`, or a folder with one and its tokenizer), or word
 * vectors (`.f32`, `.bin`, `.txt`), whose mean it then takes.
 * @throws UserError when it is none of these, or damaged
 */
export async function openSentenceEncoder(path: string, options: Partial<RuntimeOptions> = {}, encoding: Partial<SkipThoughtsEncoding> = {}): Promise<SentenceEncoder> {
  if (path.includes('+') && !(await exists(path))) return openParts(path.split('+').map((part) => part.trim()), options, encoding);
  if (!(await exists(path))) throw new UserError(`${path}: no such file or folder: ${WHAT}`);
  if (!(await stat(path)).isDirectory()) return openFile(path, options);
  if (await exists(join(path, ENCODER_FILE))) return openEncoderFolder(path, options);
  if (await isModel(path)) return openSkipThoughts(path, options, encoding);
  if (await exists(join(path, 'tokenizer.json')) || await exists(join(path, 'vocab.txt'))) return openOnnxEncoder(path, onnxOptions(options));
  if (!(await readdir(path)).some((name) => /^vectors_.+\.f32$/.test(name))) throw new UserError(`${path}: no sentence encoder in this folder: ${WHAT}`);
  return new MeanWords(await readWordVectors(path));
}

async function openFile(path: string, options: Partial<RuntimeOptions>): Promise<SentenceEncoder> {
  return path.endsWith('.onnx') ? openOnnxEncoder(path, onnxOptions(options)) : new MeanWords(await readWordVectors(path));
}

function onnxOptions({ device, threads }: Partial<RuntimeOptions>): { device?: RuntimeOptions['device']; threads?: number } {
  return { ...(device && { device }), ...(threads !== undefined && { threads }) };
}

async function isModel(path: string): Promise<boolean> {
  return (await exists(join(path, 'checkpoints'))) || (await exists(join(path, 'weights.safetensors')));
}

async function openEncoderFolder(path: string, options: Partial<RuntimeOptions>): Promise<SentenceEncoder> {
  const file = join(path, ENCODER_FILE);
  const { parts, normalise, end } = checkConfig(encoderFileSchema, await readJson(file, 'the sentence encoder'), file);
  return openParts(parts.map((part) => join(path, part)), options, { normalise, end });
}

async function openParts(paths: readonly string[], options: Partial<RuntimeOptions>, encoding: Partial<SkipThoughtsEncoding>): Promise<SentenceEncoder> {
  const parts: SentenceEncoder[] = [];
  try {
    for (const path of paths) parts.push(await openSentenceEncoder(path, options, encoding));
  } catch (error) {
    for (const part of parts) await part.dispose();
    throw error;
  }
  return parts.length === 1 ? parts[0]! : new CombinedEncoder(parts);
}

async function openSkipThoughts(path: string, options: Partial<RuntimeOptions>, encoding: Partial<SkipThoughtsEncoding>): Promise<SentenceEncoder> {
  const expansion = await openModelExpansion(path);
  const encoder = await SkipThoughtsEncoder.open(path, options, { ...encoding, expansion });
  if (!expansion) return encoder;
  const opened = expansion;
  return {
    name: encoder.name, fingerprint: encoder.fingerprint, size: encoder.size,
    encode: (sentences, onProgress) => encoder.encode(sentences, onProgress),
    dispose: async () => {
      await encoder.dispose();
      await opened.close();
    },
  };
}
