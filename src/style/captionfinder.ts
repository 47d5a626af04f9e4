import { UserError } from '../core/errors.ts';
import type { SentenceEncoder } from './encoders/sentenceencoder.ts';
import type { Moderator } from './moderation.ts';
import type { VectorIndex } from './retrieval/vectorindex.ts';
import { meanOfRows } from './stylevector.ts';

/** A caption found for a photo. */
export interface FoundCaption {
  readonly row: number;
  readonly text: string;
  /** Cosine between photo and caption in the joint space. */
  readonly score: number;
}

/** Captions looked at for each that is wanted, where some are barred. */
const LOOKED_AT = 4;
/** Bytes of sentence vectors that are kept: near photos share captions. */
const KEPT_BYTES = 256 * 2 ** 20;

/** Finds the captions nearest to a photo, and the mean of their sentence vectors. */
export class CaptionFinder {
  readonly #index: VectorIndex;
  readonly #encoder: SentenceEncoder;
  readonly #barring: Moderator | null;
  readonly #verdicts = new Map<number, boolean>();
  readonly #vectors = new Map<number, Float32Array>();

  /** @param barring flags captions that are not to be used */
  constructor(index: VectorIndex, encoder: SentenceEncoder, barring: Moderator | null) {
    this.#index = index;
    this.#encoder = encoder;
    this.#barring = barring;
  }

  /**
   * The k nearest captions of each photo, the nearest first.
   * @param queries photos in the joint space
   * @param names of the photos, for errors
   * @returns what was found, or why nothing was
   */
  async find(queries: readonly Float32Array[], k: number, names: readonly string[]): Promise<(FoundCaption[] | UserError)[]> {
    const looked = this.#barring === null ? k : k * LOOKED_AT;
    const found = queries.length === 1 ? [this.#index.nearest(queries[0]!, looked)] : await this.#index.nearestAll(queries, looked);
    const chosen: (FoundCaption[] | UserError)[] = [];
    for (const [i, captions] of found.entries()) chosen.push(await this.#allowed(captions, k, names[i]!));
    return chosen;
  }

  /** The mean sentence vector of captions, [size]. */
  async mean(captions: readonly FoundCaption[]): Promise<Float32Array> {
    const { size } = this.#encoder;
    const missing = captions.filter(({ row }) => !this.#vectors.has(row));
    const encoded = missing.length > 0 ? await this.#encoder.encode(missing.map(({ text }) => text)) : new Float32Array(0);
    if ((this.#vectors.size + missing.length) * size * 4 > KEPT_BYTES) this.#vectors.clear();
    const own = new Map(missing.map(({ row }, i) => [row, encoded.slice(i * size, (i + 1) * size)]));
    for (const [row, vector] of own) this.#vectors.set(row, vector);
    const rows = new Float32Array(captions.length * size);
    // What was kept may just have been cleared: then it is encoded again.
    for (const [i, caption] of captions.entries()) rows.set(own.get(caption.row) ?? this.#vectors.get(caption.row) ?? await this.#encoder.encode([caption.text]), i * size);
    return meanOfRows(rows, size);
  }

  async #allowed(captions: readonly FoundCaption[], k: number, name: string): Promise<FoundCaption[] | UserError> {
    if (this.#barring === null) return captions.map(plain);
    const allowed: FoundCaption[] = [];
    for (const caption of captions) {
      if (allowed.length === k) break;
      if (!(await this.#flagged(caption))) allowed.push(plain(caption));
    }
    if (allowed.length > 0) return allowed;
    return new UserError(`${name}: its ${captions.length} nearest captions are all barred by ${this.#barring.name}: bar less, or give the storyteller other captions`);
  }

  async #flagged({ row, text }: FoundCaption): Promise<boolean> {
    const known = this.#verdicts.get(row);
    if (known !== undefined) return known;
    const { flagged } = await this.#barring!.review(text);
    this.#verdicts.set(row, flagged);
    return flagged;
  }
}

function plain({ row, text, score }: FoundCaption): FoundCaption {
  return { row, text, score };
}
