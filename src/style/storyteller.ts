import { basename } from 'node:path';
import { checkConfig } from '../core/config.ts';
import { UserError } from '../core/errors.ts';
import { sha256 } from '../core/files.ts';
import { hashText } from '../core/random.ts';
import type { Extractor } from '../features/extractor.ts';
import { openExtractor, specFromInfo } from '../features/extractor.ts';
import type { RuntimeOptions } from '../runtime/jit.ts';
import { keptCnn } from '../training/checkpoint.ts';
import { chooseAccepted, RETRY_BEAM } from './acceptance.ts';
import type { FoundCaption } from './captionfinder.ts';
import { CaptionFinder } from './captionfinder.ts';
import { JointSpace } from './encoders/jointspace.ts';
import { openSentenceEncoder } from './encoders/open.ts';
import type { SentenceEncoder } from './encoders/sentenceencoder.ts';
import type { Moderator } from './moderation.ts';
import type { ToldPassage } from './passagedecoder.ts';
import { PassageDecoder } from './passagedecoder.ts';
import { postprocess } from './postprocess.ts';
import { VectorIndex } from './retrieval/vectorindex.ts';
import type { StorytellerHead } from './storytellerfolder.ts';
import { decoderFolder, encoderFolder, findStyle, readStorytellerHead } from './storytellerfolder.ts';
import type { Style } from './stylevector.ts';
import { requireEncoder, shifted } from './stylevector.ts';
import type { StyleTellingOptions, StyleTellingSettings } from './tellingoptions.ts';
import { styleTellingSchema } from './tellingoptions.ts';

/** A passage told of a photo. */
export interface StyledPassage {
  /** The captions found, the nearest first. */
  readonly captions: readonly FoundCaption[];
  /** Readable text; null when none could be generated. */
  readonly text: string | null;
  /** As the decoder wrote it. */
  readonly tokens: readonly string[];
  /** Total negative log-likelihood in nats. */
  readonly nll: number | null;
  /** Candidates that were not taken, the best first, and why. */
  readonly rejected: readonly { readonly text: string; readonly reasons: readonly string[] }[];
}

/** Who looks at what is told. */
export interface StyleModeration {
  /** Of passages. */
  readonly passages?: Moderator | null;
  /** Of captions: those flagged are not used. */
  readonly captions?: Moderator | null;
}

export interface OpenStyleOptions extends StyleModeration {
  /** The CNN of the photos, where the storyteller does not keep it. */
  readonly cnn?: string | undefined;
  readonly runtime?: Partial<RuntimeOptions>;
}

/** A style with the decoder that tells in it. */
interface OpenStyle {
  readonly style: Style;
  readonly decoder: PassageDecoder;
}

interface Candidate {
  readonly text: string;
  readonly words: number;
  readonly passage: ToldPassage;
}

/** Photos that go through the CNN, and passages that are told, at once. */
export const PHOTOS_TOGETHER = 16;

/**
 * The style-shifting storyteller: photo, nearest captions, their mean sentence vector, less the mean of all captions,
 * plus the mean of the style's passages, told by the decoder (neural-storyteller; Kiros 2015).
 */
export class StyleStoryteller {
  readonly folder: string;
  readonly head: StorytellerHead;
  readonly #encoder: SentenceEncoder;
  readonly #joint: JointSpace;
  readonly #index: VectorIndex;
  readonly #finder: CaptionFinder;
  readonly #options: OpenStyleOptions;
  readonly #decoders = new Map<string, PassageDecoder>();
  readonly #styles = new Map<string, OpenStyle>();
  #extractor: Extractor | undefined;

  private constructor(folder: string, head: StorytellerHead, encoder: SentenceEncoder, joint: JointSpace, index: VectorIndex, options: OpenStyleOptions) {
    this.folder = folder;
    this.head = head;
    this.#encoder = encoder;
    this.#joint = joint;
    this.#index = index;
    this.#options = options;
    this.#finder = new CaptionFinder(index, encoder, options.captions ?? null);
  }

  /** @throws UserError when there is no storyteller in the folder, or its parts do not fit together */
  static async open(folder: string, options: OpenStyleOptions = {}): Promise<StyleStoryteller> {
    const head = await readStorytellerHead(folder);
    const encoder = await openSentenceEncoder(encoderFolder(folder), options.runtime);
    requireEncoder(encoder, head.encoder, encoderFolder(folder), folder);
    const joint = await JointSpace.open(`${folder}/embedding`, options.runtime);
    const index = await VectorIndex.open(`${folder}/captions`, { fingerprint: joint.fingerprint });
    return new StyleStoryteller(folder, head, encoder, joint, index, options);
  }

  /** Photo files as vectors of the joint space. @throws UserError naming the photo that cannot be read, or the CNN that is needed */
  async photoVectors(files: readonly string[]): Promise<Float32Array[]> {
    const extractor = (this.#extractor ??= await this.#openExtractor());
    const features = await extractor.extract(files);
    return this.featureVectors(features, { path: extractor.info.cnn, size: extractor.size, fingerprint: extractor.fingerprint });
  }

  /** Features of photos as vectors of the joint space. @param features [photos, size] @throws UserError when they are of another CNN */
  async featureVectors(features: Float32Array, source: { readonly path: string; readonly size: number; readonly fingerprint: string }): Promise<Float32Array[]> {
    const vectors = await this.#joint.photos(features, source);
    return Array.from({ length: vectors.length / this.#joint.size }, (_, i) => vectors.slice(i * this.#joint.size, (i + 1) * this.#joint.size));
  }

  /** What decides a passage in a style: equal where the same photo gives the same passage. */
  async fingerprint(style: string, settings: StyleTellingSettings = {}): Promise<string> {
    const options = checkConfig(styleTellingSchema, settings, 'the options');
    const { style: { captionMean, passageMean }, decoder } = await this.#style(style);
    const bytes = (vector: Float32Array): string => sha256(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength));
    const barring = [this.#options.passages, this.#options.captions].map((moderator) => moderator?.fingerprint ?? moderator?.name);
    return sha256(JSON.stringify([this.head, bytes(captionMean), bytes(passageMean), decoder.fingerprint, this.#index.rows, options, barring]));
  }

  /**
   * Tells one passage a photo.
   * @param photos of the joint space: from `photoVectors` or `featureVectors`
   * @param names of the photos, for errors; draws of sampled words go by the file's name, so that they do not depend on
   * what else is told
   * @returns passages, or why a photo has none
   */
  async tell(photos: readonly Float32Array[], names: readonly string[], style: string, settings: StyleTellingSettings = {}): Promise<(StyledPassage | UserError)[]> {
    const options = checkConfig(styleTellingSchema, settings, 'the options');
    const open = await this.#style(style);
    const { maxWords } = open.decoder.head;
    if (options.decoding.min_words > maxWords) throw new UserError(`passages of at least ${options.decoding.min_words} words: the decoder of style ${style} was trained on passages of at most ${maxWords}: ask for fewer (--min-words)`);
    const found = await this.#finder.find(photos, options.captions, names);
    const vectors: Float32Array[] = [];
    const telling: string[] = [];
    for (const [i, captions] of found.entries()) {
      if (captions instanceof UserError) continue;
      vectors.push(await this.#shifted(captions, open.style, options.strength));
      telling.push(names[i]!);
    }
    const told = await decode(open.decoder, vectors, telling, options);
    const passages: (StyledPassage | UserError)[] = [];
    let next = 0;
    for (const captions of found) {
      if (captions instanceof UserError) {
        passages.push(captions);
        continue;
      }
      passages.push({ captions, ...(await this.#accepted(told[next]!, vectors[next]!, open.decoder, options)) });
      next++;
    }
    return passages;
  }

  /** Ends its programs and closes its index. */
  async dispose(): Promise<void> {
    for (const decoder of this.#decoders.values()) await decoder.dispose();
    await this.#extractor?.dispose();
    await this.#index.close();
    await this.#joint.dispose();
    await this.#encoder.dispose();
  }

  async #shifted(captions: readonly FoundCaption[], { captionMean, passageMean }: Style, strength: number): Promise<Float32Array> {
    const mean = await this.#finder.mean(captions);
    if (strength === 1) return shifted(mean, { captionMean, passageMean });
    return mean.map((value, i) => value + strength * (passageMean[i]! - captionMean[i]!));
  }

  /** Moderation and least length decide among the beams; the wider search is made only where none will do. */
  async #accepted(told: readonly ToldPassage[], vector: Float32Array, decoder: PassageDecoder, { decoding, text }: StyleTellingOptions): Promise<Omit<StyledPassage, 'captions'>> {
    const candidates = (passages: readonly ToldPassage[]): Candidate[] =>
      passages.map((passage) => ({ text: postprocess(passage.tokens, text), words: passage.tokens.length, passage }));
    const wider = decoding.strategy === 'beam' && decoding.beam < RETRY_BEAM;
    const { accepted, rejected } = await chooseAccepted(candidates(told), this.#options.passages ?? null, {
      minWords: Math.max(1, decoding.min_words),
      ...(wider && { retry: async () => candidates((await decoder.tell(vector, { ...decoding, beam: RETRY_BEAM }))[0]!) }),
    });
    const reasons = rejected.map(({ candidate, reasons }) => ({ text: candidate.text, reasons }));
    if (accepted === null) return { text: null, tokens: [], nll: null, rejected: reasons };
    const { passage, text: readable } = accepted.candidate;
    return { text: readable, tokens: passage.tokens, nll: -passage.logProbability, rejected: reasons };
  }

  async #style(name: string): Promise<OpenStyle> {
    const known = this.#styles.get(name);
    if (known) return known;
    const { style, folder } = await findStyle(this.folder, name);
    requireEncoder(style.encoder, this.head.encoder, `style ${name}`, `the storyteller ${this.folder}`);
    const path = await decoderFolder(this.folder, style, folder);
    let decoder = this.#decoders.get(path);
    if (!decoder) {
      decoder = await PassageDecoder.open(path, this.#options.runtime);
      this.#decoders.set(path, decoder);
    }
    requireEncoder(decoder.head.encoder, this.head.encoder, `the decoder of style ${name} (${path})`, `the storyteller ${this.folder}`);
    const open = { style, decoder };
    this.#styles.set(name, open);
    return open;
  }

  async #openExtractor(): Promise<Extractor> {
    const { info } = this.#joint.photoNeeds;
    if (info === null) throw new UserError(`${this.folder}: its embedding does not say which CNN made its features, so photo files cannot be prepared for it: give features`);
    const spec = specFromInfo(info, this.#options.cnn ?? (await keptCnn(this.#joint.folder)));
    const { device = 'cpu', threads = 0 } = this.#options.runtime ?? {};
    return openExtractor(spec, { device, threads, batch: PHOTOS_TOGETHER });
  }
}

/** Passages from vectors, the best of each first. @param names of the photos */
async function decode(decoder: PassageDecoder, vectors: readonly Float32Array[], names: readonly string[], { decoding }: StyleTellingOptions): Promise<ToldPassage[][]> {
  if (decoding.strategy !== 'sample') return decoder.tell(joined(vectors, decoder.head.encoder.size), decoding);
  const told: ToldPassage[][] = [];
  for (const [i, vector] of vectors.entries()) told.push(...(await decoder.tell(vector, { ...decoding, seed: hashText(`${decoding.seed}/${basename(names[i]!)}`) })));
  return told;
}

function joined(vectors: readonly Float32Array[], size: number): Float32Array {
  const out = new Float32Array(vectors.length * size);
  vectors.forEach((vector, i) => out.set(vector, i * size));
  return out;
}
