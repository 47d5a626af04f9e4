import { cp, mkdir, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { checkConfig } from '../core/config.ts';
import { nearestName, UserError } from '../core/errors.ts';
import { exists, readJson, sha256, sha256File, writeFileAtomic, writeFolderAtomic } from '../core/files.ts';
import type { RuntimeOptions } from '../runtime/jit.ts';
import { keepCnn, keptCnn } from '../training/checkpoint.ts';
import { findCheckpoint } from '../training/checkpointfiles.ts';
import { captionMean, captionTexts, encoderId } from './buildstyle.ts';
import { copyEncoder } from './encoders/copy.ts';
import { JointSpace } from './encoders/jointspace.ts';
import { openSentenceEncoder } from './encoders/open.ts';
import { readPassageDecoder } from './passagedecoder.ts';
import { writeVectorIndex } from './retrieval/writeindex.ts';
import type { Style } from './stylevector.ts';
import { encoderIdSchema, readStyle, requireEncoder, writeStyle } from './stylevector.ts';

/**
 * A storyteller folder, with everything that telling needs:
 *   storyteller.json   what belongs together
 *   encoder/           the sentence encoder
 *   embedding/         the image-sentence embedding, with its CNN where that is kept
 *   captions/          captions to retrieve from, as vectors of the embedding
 *   caption-mean/      c: the mean of all captions under the encoder
 *   decoder/           the passage decoder of styles that have none of their own
 *   styles/NAME/       styles
 */
const storytellerSchema = z.strictObject({
  format: z.literal('fabula storyteller'),
  version: z.literal(1),
  encoder: encoderIdSchema,
  embedding: z.strictObject({ fingerprint: z.string(), size: z.int() }),
  captions: z.strictObject({ sources: z.array(z.string()), count: z.int(), content: z.string() }),
});
/** storyteller.json: what belongs together. */
export type StorytellerHead = z.infer<typeof storytellerSchema>;

const HEAD = 'storyteller.json';
/** The name under which nothing is shifted: c and b are zero. */
export const NO_STYLE = 'none';

/** What a storyteller is put together from. */
export interface StorytellerParts {
  /** As `openSentenceEncoder` takes it. */
  readonly encoder: string;
  /** Run or checkpoint of an image-sentence embedding. */
  readonly embedding: string;
  /** Caption files, in each set files of parallel lines joined by "+". */
  readonly captions: readonly string[];
  /** Run or checkpoint of a passage decoder; styles may have their own. */
  readonly decoder?: string | undefined;
  /** The CNN of the embedding's photos, where its run does not hold it. */
  readonly cnn?: string | undefined;
  /** Styles of a storyteller in the same folder that need not be kept: they are built anew. */
  readonly rebuilt?: readonly string[];
  readonly runtime?: Partial<RuntimeOptions>;
  /** Told what is done, and how far it is. */
  readonly onProgress?: (what: string, done: number, total: number) => void;
}

/**
 * Puts a storyteller together in a folder, whole or not at all. One that is there is replaced; its styles stay, where they are of
 * the same encoder.
 * @throws UserError when the parts do not fit together
 */
export async function assembleStoryteller(folder: string, parts: StorytellerParts): Promise<StorytellerHead> {
  await refuseOther(folder);
  const { runtime = {}, onProgress } = parts;
  const encoder = await openSentenceEncoder(parts.encoder, runtime);
  const joint = await JointSpace.open(parts.embedding, runtime);
  try {
    const decoder = parts.decoder === undefined ? undefined : await readPassageDecoder(parts.decoder);
    if (decoder) requireEncoder(decoder.encoder, encoderId(encoder), parts.decoder!, parts.encoder);
    await checkOwnCnn(parts.cnn, joint);
    const texts = [...new Set(await captionTexts(parts.captions))];
    if (texts.length === 0) throw new UserError(`${parts.captions.join(', ')}: no captions in it`);
    const head: StorytellerHead = {
      format: 'fabula storyteller', version: 1, encoder: encoderId(encoder), embedding: { fingerprint: joint.fingerprint, size: joint.size },
      captions: { sources: parts.captions.map((path) => basename(path)), count: texts.length, content: sha256(texts.join('\n')) },
    };
    const ownStyles = await stylesToKeep(folder, head, parts.rebuilt ?? []);
    const c = await captionMean(encoder, parts.captions, texts, (done) => onProgress?.('encoding captions', done, texts.length));
    await writeFolderAtomic(folder, async (fresh) => {
      await copyEncoder(parts.encoder, join(fresh, 'encoder'));
      await copyCheckpoint(joint.folder, join(fresh, 'embedding'));
      const kept = await keptCnn(joint.folder);
      if (parts.cnn !== undefined) await keepCnn(join(fresh, 'embedding'), parts.cnn);
      else if (kept !== undefined) await cp(kept, join(fresh, 'embedding', basename(kept)));
      await writeVectorIndex(join(fresh, 'captions'), {
        texts, size: joint.size, fingerprint: joint.fingerprint, similarity: 'dot',
        vectors: jointVectors(joint, texts, (done) => onProgress?.('embedding captions', done, texts.length)),
      });
      const nothing = { ...noStyle(head), name: 'captions', captions: c.origin, captionMean: c.mean };
      await writeStyle(join(fresh, 'caption-mean'), nothing);
      if (decoder) await copyCheckpoint(decoder.folder, join(fresh, 'decoder'));
      await mkdir(join(fresh, 'styles'));
      for (const style of ownStyles) await cp(join(folder, 'styles', style), join(fresh, 'styles', style), { recursive: true });
      await writeFileAtomic(join(fresh, HEAD), `${JSON.stringify(head, null, 2)}\n`);
    });
    return head;
  } finally {
    await encoder.dispose();
    await joint.dispose();
  }
}

/** The styles of the storyteller that is replaced. @throws UserError when one is of another encoder, and would be lost */
async function stylesToKeep(folder: string, { encoder }: StorytellerHead, rebuilt: readonly string[]): Promise<string[]> {
  const names = (await styleNames(folder)).filter((name) => !rebuilt.includes(name));
  for (const name of names) requireEncoder((await readStyle(join(folder, 'styles', name))).encoder, encoder, `${folder}/styles/${name} (which would be lost)`, 'the new one');
  return names;
}

/** Captions embedded at once. */
const CHUNK = 4096;

async function* jointVectors(joint: JointSpace, texts: readonly string[], onProgress: (done: number) => void): AsyncGenerator<Float32Array, void, undefined> {
  for (let from = 0; from < texts.length; from += CHUNK) {
    yield await joint.sentences(texts.slice(from, from + CHUNK));
    onProgress(Math.min(from + CHUNK, texts.length));
  }
}

/** @throws UserError when a CNN that is given is not there, or is not that of the embedding's photos */
async function checkOwnCnn(cnn: string | undefined, { folder, photoNeeds: { info } }: JointSpace): Promise<void> {
  if (cnn === undefined) return;
  if (!(await exists(cnn))) throw new UserError(`${cnn}: no such file: give the CNN of the photos that ${folder} was trained on`);
  if (info !== null && (await sha256File(cnn)) !== info.weightsSha256) throw new UserError(`${cnn}: not the CNN that ${folder} was trained with (${info.cnn}, ${info.layer}): give that one`);
}

/** The folder is replaced as a whole, so that nothing else may be in it. */
async function refuseOther(folder: string): Promise<void> {
  const inside: string[] = await readdir(folder).catch(() => []);
  if (inside.length > 0 && !inside.includes(HEAD)) throw new UserError(`${folder}: it holds ${inside[0]} and is no storyteller: give the storyteller another folder`);
}

/** Copies a checkpoint without its optimiser state, which only training needs. */
export async function copyCheckpoint(from: string, to: string): Promise<void> {
  const folder = await findCheckpoint(from);
  await mkdir(to, { recursive: true });
  for (const name of ['config.json', 'weights.safetensors', 'vocabulary.json', 'state.json']) await cp(join(folder, name), join(to, name));
}

/** @throws UserError when there is no storyteller in the folder */
export async function readStorytellerHead(folder: string): Promise<StorytellerHead> {
  const file = join(folder, HEAD);
  if (!(await exists(file))) throw new UserError(`${folder}: no storyteller here: it has no ${HEAD}; name its folder with --storyteller, or make one: fabula style learn, or assemble`);
  return checkConfig(storytellerSchema, await readJson(file, 'the storyteller'), file);
}

/** The names of a storyteller's styles, in order. */
export async function styleNames(folder: string): Promise<string[]> {
  const entries = await readdir(join(folder, 'styles'), { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory() && !/\.(tmp|old)$/.test(entry.name)).map(({ name }) => name).sort();
}

/** A style by its name; `none` shifts nothing. @throws UserError naming the styles there are */
export async function findStyle(folder: string, name: string): Promise<{ style: Style; folder: string | undefined }> {
  if (name === NO_STYLE) return { style: noStyle(await readStorytellerHead(folder)), folder: undefined };
  const path = join(folder, 'styles', name);
  if (!(await exists(join(path, 'style.json')))) {
    const names = await styleNames(folder);
    if (names.includes(name)) throw new UserError(`${path}: the style has lost its style.json: build it again`);
    const near = nearestName(name, names);
    throw new UserError(`${folder}: there is no style ${name}: ${near ? `did you mean ${near}?` : names.length > 0 ? `choose from ${names.join(', ')}` : 'build one with fabula style build'}`);
  }
  return { style: await readStyle(path), folder: path };
}

function noStyle({ encoder }: StorytellerHead): Style {
  const zeros = new Float32Array(encoder.size);
  return { name: NO_STYLE, encoder, passages: null, captions: null, blend: null, decoder: null, captionMean: zeros, passageMean: zeros };
}

/** Where a style of that name belongs. @throws UserError for a name that does not do */
export function styleFolder(storyteller: string, name: string): string {
  if (!/^[\w.-]+$/.test(name) || name.startsWith('.')) throw new UserError(`${name}: a style's name has letters, digits, ".", "_" and "-" only`);
  if (name === NO_STYLE) throw new UserError(`${NO_STYLE}: means no style at all: choose another name`);
  return join(storyteller, 'styles', name);
}

/** The folder of the decoder that a style uses. @throws UserError when there is none */
export async function decoderFolder(storyteller: string, style: Style, folder: string | undefined): Promise<string> {
  if (style.decoder !== null && folder !== undefined) return join(folder, style.decoder);
  const shared = join(storyteller, 'decoder');
  if (await exists(shared)) return shared;
  throw new UserError(`${storyteller}: style ${style.name} has no decoder of its own, and the storyteller none for all: give one to fabula style ${folder === undefined ? 'assemble' : 'build'} with --decoder`);
}

/** The encoder's folder of a storyteller. */
export function encoderFolder(storyteller: string): string {
  return join(storyteller, 'encoder');
}
