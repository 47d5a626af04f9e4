import { cp, mkdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { exists, writeFileAtomic } from '../../core/files.ts';
import { findCheckpoint } from '../../training/checkpointfiles.ts';
import type { EncoderFile } from './open.ts';
import { EXPANSION_FOLDER } from './modelexpansion.ts';
import { ENCODER_FILE } from './open.ts';
import { findEncoderFiles } from './onnxfolder.ts';

/**
 * Copies a sentence encoder, whatever it is, into a folder that `openSentenceEncoder` opens, with equal fingerprint.
 * Optimiser states stay behind.
 */
export async function copyEncoder(path: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  if (path.includes('+') && !(await exists(path))) return copyParts(path.split('+').map((part) => part.trim()), folder);
  if (!(await stat(path)).isDirectory()) return copyFile(path, folder);
  if (await exists(join(path, ENCODER_FILE))) return cp(path, folder, { recursive: true });
  if (await exists(join(path, 'checkpoints')) || await exists(join(path, 'weights.safetensors'))) return copyModel(path, folder);
  await cp(path, folder, { recursive: true });
}

async function copyParts(paths: readonly string[], folder: string): Promise<void> {
  const parts = paths.map((_, i) => `part-${i + 1}`);
  for (const [i, path] of paths.entries()) await copyEncoder(path, join(folder, parts[i]!));
  await writeEncoderFile(folder, parts);
}

async function writeEncoderFile(folder: string, parts: string[]): Promise<void> {
  const file: EncoderFile = { format: 'fabula sentence encoder', parts, normalise: true, end: true };
  await writeFileAtomic(join(folder, ENCODER_FILE), `${JSON.stringify(file, null, 2)}\n`);
}

async function copyModel(path: string, folder: string): Promise<void> {
  const checkpoint = await findCheckpoint(path);
  for (const name of ['config.json', 'weights.safetensors', 'vocabulary.json', 'state.json']) await cp(join(checkpoint, name), join(folder, name));
  const expansion = join(path, EXPANSION_FOLDER);
  if (await exists(expansion)) await cp(expansion, join(folder, EXPANSION_FOLDER), { recursive: true });
}

/** An ONNX file with its tokenizer and settings, or word vectors with their words. */
async function copyFile(path: string, folder: string): Promise<void> {
  if (path.endsWith('.onnx')) {
    const { tokenizer } = await findEncoderFiles(path);
    // Of several models only this one: the folder must not leave a choice.
    return cp(dirname(tokenizer), folder, { recursive: true, filter: (file) => !file.endsWith('.onnx') || resolve(file) === resolve(path) });
  }
  await cp(path, join(folder, basename(path)));
  const words = /^vectors_(.+)_x\d+\.f32$/.exec(basename(path))?.[1];
  if (words !== undefined) await cp(join(dirname(path), `words_${words}.txt`), join(folder, `words_${words}.txt`));
  await writeEncoderFile(folder, [basename(path)]);
}
