import { createHash } from 'node:crypto';
import { UserError } from '../../core/errors.ts';
import type { Random } from '../../core/random.ts';
import { readSentenceBlocks } from '../../data/books/corpus.ts';
import { captionCorpus } from '../../data/captions/captioncorpus.ts';
import { readCaptions } from '../../data/captions/captionset.ts';
import { splitWords } from '../../text/tokenizer.ts';
import { Vocabulary } from '../../text/vocabulary.ts';
import type { DataRecord } from '../../tracking/environment.ts';

/** Where sentences come from. */
export interface SentenceSources {
  /** Corpora made by `fabula style books`, or text files of tokenised sentences with empty lines between blocks. */
  readonly sentences: readonly string[];
  /** Lists of caption files, each list one set: the captions of a photo are a block. */
  readonly captions: readonly string[];
}

/** Contiguous sentences, a block at a time, as lists of tokens. */
export async function* sentenceBlocks({ sentences, captions }: SentenceSources): AsyncGenerator<string[][], void, undefined> {
  for (const path of sentences) for await (const block of readSentenceBlocks(path)) yield block.map(splitWords);
  if (captions.length === 0) return;
  for (const set of captionSets(captions)) {
    for (const block of captionCorpus((await readCaptions(set)).photos)) yield block.map(splitWords);
  }
}

/** Each entry names one set; files of parallel lines belong together and are joined by "+". */
export function captionSets(captions: readonly string[]): string[][] {
  return captions.map((entry) => entry.split('+').map((path) => path.trim()));
}

/** Sentences as word ids, in blocks. */
export interface EncodedSentences {
  readonly vocabulary: Vocabulary;
  /** All words, sentence after sentence. */
  readonly tokens: Int32Array;
  /** [sentences + 1]: where each begins in `tokens`. */
  readonly offsets: Uint32Array;
  /** [blocks + 1]: where each begins among the sentences. */
  readonly blocks: Uint32Array;
}

/** Words of a sentence. */
export function sentenceOf({ tokens, offsets }: Pick<EncodedSentences, 'tokens' | 'offsets'>, sentence: number): Int32Array {
  return tokens.subarray(offsets[sentence]!, offsets[sentence + 1]!);
}

/**
 * The vocabulary of some sentences: the most frequent words.
 * @param size words, specials not counted
 * @throws UserError when there is no sentence
 */
export async function sentenceVocabulary(sources: SentenceSources, size: number, minCount: number): Promise<Vocabulary> {
  const counts = new Map<string, number>();
  for await (const block of sentenceBlocks(sources)) {
    for (const words of block) for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  if (counts.size === 0) throw new UserError(`${[...sources.sentences, ...sources.captions].join(', ')}: no sentence in it`);
  return Vocabulary.fromCounts(counts, { size, minCount });
}

/** All sentences as ids of a vocabulary. Takes 4 bytes a word. */
export async function encodeSentences(sources: SentenceSources, vocabulary: Vocabulary): Promise<EncodedSentences> {
  const tokens = new GrowingInts();
  const [offsets, blocks] = [[0], [0]];
  for await (const block of sentenceBlocks(sources)) {
    for (const words of block) {
      for (const word of words) tokens.push(vocabulary.id(word));
      offsets.push(tokens.length);
    }
    blocks.push(offsets.length - 1);
  }
  return { vocabulary, tokens: tokens.take(), offsets: Uint32Array.from(offsets), blocks: Uint32Array.from(blocks) };
}

/** For environment.json: how much there is, and the hash of it. */
export function sentenceRecord({ tokens, offsets, blocks, vocabulary }: EncodedSentences): DataRecord {
  const hash = createHash('sha256').update(vocabulary.fingerprint());
  for (const part of [tokens, offsets, blocks]) hash.update(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  return { sentences: offsets.length - 1, words: tokens.length, content: hash.digest('hex') };
}

/**
 * A sentence that has one before and one after it in its block, by the place of the middle one; none of the three
 * longer than `maxWords` or empty.
 */
export function triples({ offsets, blocks }: EncodedSentences, maxWords: number): { block: number; middle: number }[] {
  const fits = (sentence: number): boolean => {
    const words = offsets[sentence + 1]! - offsets[sentence]!;
    return words > 0 && words <= maxWords;
  };
  const found: { block: number; middle: number }[] = [];
  for (let block = 0; block + 1 < blocks.length; block++) {
    for (let middle = blocks[block]! + 1; middle + 1 < blocks[block + 1]!; middle++) {
      if (fits(middle - 1) && fits(middle) && fits(middle + 1)) found.push({ block, middle });
    }
  }
  return found;
}

/**
 * Sets some of the items aside, whole blocks where blocks are small: about `share` of them, at least one.
 * Blocks that are larger than the share are cut at their end.
 */
export function holdOut<T extends { readonly block: number }>(items: readonly T[], share: number, random: Random): { train: T[]; held: T[] } {
  const wanted = Math.max(1, Math.round(items.length * share));
  const byBlock = new Map<number, T[]>();
  for (const { block } of items) byBlock.set(block, []);
  for (const item of items) byBlock.get(item.block)!.push(item);
  const held = new Set<T>();
  for (const block of random.shuffle([...byBlock.keys()])) {
    const inside = byBlock.get(block)!;
    const most = Math.max(1, Math.ceil(inside.length * Math.max(share, inside.length <= wanted ? 1 : share)));
    for (const item of inside.slice(-Math.min(most, wanted - held.size))) held.add(item);
    if (held.size >= wanted) break;
  }
  return { train: items.filter((item) => !held.has(item)), held: items.filter((item) => held.has(item)) };
}

/** Numbers whose count is not known beforehand. */
class GrowingInts {
  #values = new Int32Array(1 << 16);
  length = 0;

  push(value: number): void {
    if (this.length === this.#values.length) {
      const larger = new Int32Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.length++] = value;
  }

  take(): Int32Array {
    return this.#values.slice(0, this.length);
  }
}
