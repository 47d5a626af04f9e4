import { DistinctNgrams } from './distinctngrams.ts';
import { countNgrams } from './ngrams.ts';
import { TOKENIZERS } from './tokenizers.ts';

/** How varied texts are, references aside. Shares are 0 to 1; without a word, sentence or story they are 0. */
export interface Diversity {
  readonly stories: number;
  readonly sentences: number;
  readonly words: number;
  readonly sentencesPerStory: number;
  readonly wordsPerSentence: number;
  /** Mean length of a story. */
  readonly wordsPerStory: number;
  /** Standard deviation of the length over these stories (divided by their number, not by one less). */
  readonly wordsPerStoryDeviation: number;
  readonly shortestStory: number;
  readonly longestStory: number;
  /** Different words used. */
  readonly vocabulary: number;
  /** Different words over words (Li et al. 2016). */
  readonly distinct1: number;
  /** Different pairs over pairs of neighbouring words in a sentence. */
  readonly distinct2: number;
  /** Mean of the stories' own distinct-1 and distinct-2; a story without a word, or a pair, does not count. */
  readonly storyDistinct1: number;
  readonly storyDistinct2: number;
  /** Different words over words: distinct-1 under its older name. It falls as a corpus grows. */
  readonly typeTokenRatio: number;
  /** Mean type-token ratio of stretches of 1,000 words (Johnson 1944; van Miltenburg et al. 2018), which does not; null below 1,000 words. */
  readonly segmentedTypeTokenRatio: number | null;
  /** Share of sentences that stand earlier in the same story. */
  readonly repeatedInStory: number;
  /** Share of sentences that stand earlier in any story, the same one too. */
  readonly repeatedAnywhere: number;
  /** What is used of the training vocabulary; null when none was given. */
  readonly trainingVocabulary: VocabularyUse | null;
}

/** Which words texts use. */
export interface VocabularyUse {
  /** Words of the training vocabulary. */
  readonly words: number;
  /** Those of them that the stories use, and their share. */
  readonly used: number;
  readonly share: number;
  /** Different words of the stories that are not in it. */
  readonly outside: number;
}

/** What texts are compared with. */
export interface DiversityOptions {
  /** The words of the training texts, special ones such as `<NULL>` left out: a set, or a map from words to counts. */
  readonly training?: {
    readonly size: number;
    /** Whether a word is one of them. */
    has(word: string): boolean;
  };
}

/** Words of a stretch whose type-token ratio is taken. */
const SEGMENT = 1000;

/** Measures stories of tokenized sentences. Memory grows with the different sentences, and by some 8 bytes a word. */
export function diversity(stories: Iterable<readonly string[]>, { training }: DiversityOptions = {}): Diversity {
  const [words, pairs, lengths, segments] = [new Variety(), new Variety(), new Lengths(), new Segments()];
  // By word its number: the vocabulary.
  const numbers = new Map<string, number>();
  const everyPair = new DistinctNgrams(2, numbers);
  const seen = new Set<string>();
  let [sentences, inStory] = [0, 0];
  for (const story of stories) {
    const own = new Set<string>();
    let length = 0;
    for (const sentence of story) {
      const tokens = TOKENIZERS.whitespace(sentence);
      const joined = tokens.join(' ');
      // A text that is spaced like that is not kept twice.
      const text = joined === sentence ? sentence : joined;
      if (own.has(text)) inStory++;
      own.add(text);
      seen.add(text);
      length += tokens.length;
      for (const word of tokens) words.add(word, 1);
      for (const [pair, count] of countNgrams(tokens, 2)) pairs.add(pair, count);
      everyPair.add(tokens);
      segments.add(tokens);
    }
    sentences += story.length;
    lengths.add(length);
    words.endStory();
    pairs.endStory();
  }
  return {
    stories: lengths.count, sentences, words: words.total,
    sentencesPerStory: share(sentences, lengths.count),
    wordsPerSentence: share(words.total, sentences),
    wordsPerStory: lengths.mean, wordsPerStoryDeviation: lengths.deviation, shortestStory: lengths.least, longestStory: lengths.most,
    vocabulary: numbers.size,
    distinct1: share(numbers.size, words.total), distinct2: share(everyPair.different(), pairs.total),
    storyDistinct1: words.meanOfStories, storyDistinct2: pairs.meanOfStories,
    typeTokenRatio: share(numbers.size, words.total), segmentedTypeTokenRatio: segments.ratio,
    repeatedInStory: share(inStory, sentences),
    repeatedAnywhere: share(sentences - seen.size, sentences),
    trainingVocabulary: training === undefined ? null : vocabularyUse(numbers, training),
  };
}

function vocabularyUse(used: ReadonlyMap<string, number>, training: { readonly size: number; has(word: string): boolean }): VocabularyUse {
  let known = 0;
  for (const word of used.keys()) if (training.has(word)) known++;
  return { words: training.size, used: known, share: share(known, training.size), outside: used.size - known };
}

/** Different n-grams of a story over its n-grams, as a mean over stories. */
class Variety {
  /** n-grams of all stories. */
  total = 0;
  #own = new Set<string>();
  #ownTotal = 0;
  #sum = 0;
  #stories = 0;

  add(ngram: string, count: number): void {
    this.#own.add(ngram);
    this.total += count;
    this.#ownTotal += count;
  }

  endStory(): void {
    if (this.#ownTotal > 0) {
      this.#sum += this.#own.size / this.#ownTotal;
      this.#stories++;
    }
    this.#own = new Set();
    this.#ownTotal = 0;
  }

  get meanOfStories(): number {
    return share(this.#sum, this.#stories);
  }
}

/** Mean, deviation (Welford 1962) and ends. */
class Lengths {
  count = 0;
  most = 0;
  #least = Infinity;
  #sum = 0;
  #centre = 0;
  #squares = 0;

  add(length: number): void {
    this.count++;
    this.#sum += length;
    const before = length - this.#centre;
    this.#centre += before / this.count;
    this.#squares += before * (length - this.#centre);
    this.most = Math.max(this.most, length);
    this.#least = Math.min(this.#least, length);
  }

  get least(): number {
    return this.count === 0 ? 0 : this.#least;
  }

  get mean(): number {
    return share(this.#sum, this.count);
  }

  get deviation(): number {
    return Math.sqrt(share(this.#squares, this.count));
  }
}

/** Type-token ratios of one whole stretch after the other; what is left at the end does not count. */
class Segments {
  #types = new Set<string>();
  #words = 0;
  #sum = 0;
  #count = 0;

  add(words: readonly string[]): void {
    for (const word of words) {
      this.#types.add(word);
      if (++this.#words < SEGMENT) continue;
      this.#sum += this.#types.size / SEGMENT;
      this.#count++;
      this.#types = new Set();
      this.#words = 0;
    }
  }

  get ratio(): number | null {
    return this.#count === 0 ? null : this.#sum / this.#count;
  }
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
