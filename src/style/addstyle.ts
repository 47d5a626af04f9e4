import { join } from 'node:path';
import { UserError } from '../core/errors.ts';
import type { RuntimeOptions } from '../runtime/jit.ts';
import type { LengthFilter } from './buildstyle.ts';
import { buildStyle, captionMean, captionTexts } from './buildstyle.ts';
import { openSentenceEncoder } from './encoders/open.ts';
import { readPassageDecoder } from './passagedecoder.ts';
import { copyCheckpoint, encoderFolder, findStyle, readStorytellerHead, styleFolder } from './storytellerfolder.ts';
import type { Style } from './stylevector.ts';
import { blendStyles, OWN_DECODER, readStyle, requireEncoder, writeStyle } from './stylevector.ts';

/** A style to build into a storyteller. */
export interface StyleRequest {
  readonly name: string;
  readonly passages: readonly string[];
  /** Captions whose mean is taken off; none = those of the storyteller. */
  readonly captions: readonly string[];
  readonly filter: LengthFilter;
  /** Run or checkpoint of a decoder of this style alone. */
  readonly decoder?: string | undefined;
  readonly runtime?: Partial<RuntimeOptions>;
  /** Told what is done, and how far it is. */
  readonly onProgress?: (what: string, done: number, total: number) => void;
}

/**
 * Builds a style into a storyteller; one of that name is replaced.
 * @throws UserError when its decoder belongs to another encoder, or no passage passes the filter
 */
export async function addStyle(storyteller: string, { name, passages, captions, filter, decoder, runtime = {}, onProgress }: StyleRequest): Promise<Style> {
  const folder = styleFolder(storyteller, name);
  const head = await readStorytellerHead(storyteller);
  const own = decoder === undefined ? undefined : await readPassageDecoder(decoder);
  if (own) requireEncoder(own.encoder, head.encoder, decoder!, `the storyteller ${storyteller}`);
  const encoder = await openSentenceEncoder(encoderFolder(storyteller), runtime);
  try {
    requireEncoder(encoder, head.encoder, encoderFolder(storyteller), storyteller);
    const texts = [...new Set(await captionTexts(captions))];
    const c = captions.length === 0 ? await keptCaptionMean(storyteller) : await captionMean(encoder, captions, texts, (done) => onProgress?.('encoding captions', done, texts.length));
    const built = await buildStyle(encoder, { name, passages, filter, onProgress: (done) => onProgress?.('encoding passages', done, done) }, c);
    const style = own ? { ...built, decoder: OWN_DECODER } : built;
    await writeStyle(folder, style, own && ((fresh) => copyCheckpoint(own.folder, join(fresh, OWN_DECODER))));
    return style;
  } finally {
    await encoder.dispose();
  }
}

/** Mixes styles of a storyteller into a new one, which the storyteller's decoder tells. @throws UserError when one is not there */
export async function addBlend(storyteller: string, name: string, parts: readonly { readonly style: string; readonly weight: number }[], decoderOf?: string): Promise<Style> {
  const folder = styleFolder(storyteller, name);
  const found = await Promise.all(parts.map(async ({ style, weight }) => ({ style: (await findStyle(storyteller, style)).style, weight })));
  const blend = blendStyles(name, found);
  if (decoderOf === undefined) {
    await writeStyle(folder, blend);
    return blend;
  }
  const donor = await findStyle(storyteller, decoderOf);
  if (donor.style.decoder === null || donor.folder === undefined) throw new UserError(`${decoderOf}: the style has no decoder of its own: leave out --decoder-of`);
  const style = { ...blend, decoder: OWN_DECODER };
  await writeStyle(folder, style, (fresh) => copyCheckpoint(join(donor.folder!, donor.style.decoder!), join(fresh, OWN_DECODER)));
  return style;
}

async function keptCaptionMean(storyteller: string): Promise<{ mean: Float32Array; origin: NonNullable<Style['captions']> }> {
  const { captionMean, captions } = await readStyle(join(storyteller, 'caption-mean'));
  if (captions === null) throw new UserError(`${join(storyteller, 'caption-mean')}: does not say which captions it is the mean of: assemble the storyteller again`);
  return { mean: captionMean, origin: captions };
}
