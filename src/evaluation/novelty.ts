import { SuffixAutomaton } from './suffixautomaton.ts';

/** How much of what a model wrote stands in its training texts. Shares are 0 to 1; of nothing they are 0. */
export interface Novelty {
  /** Sentences with a letter or a digit in them, and those of them that are a training sentence. */
  readonly sentences: number;
  readonly copiedSentences: number;
  readonly copiedSentenceShare: number;
  /** The same of whole stories. */
  readonly stories: number;
  readonly copiedStories: number;
  readonly copiedStoryShare: number;
  /** Longest run of words that a sentence shares with a training sentence: mean over sentences, in words. */
  readonly longestCopiedRun: number;
  /** The same as a share of the sentence: 1 when all is copied. */
  readonly longestCopiedRunShare: number;
  /** Training sentences and stories compared with. */
  readonly trainingSentences: number;
  readonly trainingStories: number;
}

/** What the Penn Treebank rules cut off a word: `did n't` is didn't, `[male] 's` is [male]'s. */
const CUT_OFF = /\s+(?=(?:n't|'(?:s|m|d|ll|re|ve))(?![\p{L}\p{N}]))/gu;
/** A word's letters, digits and apostrophes. */
const WORD = /[\p{L}\p{M}\p{N}']+/gu;

/**
 * The words of a text as they are compared: composed (NFC), in lower case, of letters and digits alone. Spaces,
 * punctuation and the way contractions are cut do not matter: `She didn't.` and `she did n't .` are she, didnt.
 */
export function comparedWords(text: string): string[] {
  const plain = text.normalize('NFC').toLowerCase().replace(/[\u2018\u2019\u02bc]/g, "'").replace(CUT_OFF, '');
  return (plain.match(WORD) ?? []).map((word) => word.replaceAll("'", '')).filter((word) => word !== '');
}

/** Without spaces, so that `can not` is `cannot`, and a story is the same however it is cut into sentences. */
function keyOf(words: readonly string[]): string {
  return words.join('');
}

/**
 * Compares outputs with training texts that pass by once: nothing is kept of the training set, so that it may be of any
 * size. Memory is for the outputs: some 200 bytes a word of theirs (measured: 53 MB for 5,000 human stories of 57 words).
 */
export class NoveltyCheck {
  /** Words of each sentence. */
  readonly #sentences: string[][] = [];
  readonly #sentenceKeys: Copies;
  readonly #storyKeys: Copies;
  readonly #runs = new SuffixAutomaton();
  #trainingSentences = 0;
  #trainingStories = 0;

  /** @param stories sentences of each output, tokenized or not */
  constructor(stories: Iterable<readonly string[]>) {
    const storyKeys: string[] = [];
    for (const story of stories) {
      const sentences = story.map(comparedWords);
      for (const words of sentences) {
        if (words.length === 0) continue;
        this.#sentences.push(words);
        this.#runs.add(words);
      }
      storyKeys.push(sentences.map(keyOf).join(''));
    }
    this.#sentenceKeys = new Copies(this.#sentences.map(keyOf));
    this.#storyKeys = new Copies(storyKeys.filter((key) => key !== ''));
  }

  /** Compares with a story of the training set. @param sentences tokenized or not */
  compare(sentences: readonly string[]): void {
    const texts = sentences.map(comparedWords);
    for (const words of texts) {
      this.#sentenceKeys.meet(keyOf(words));
      this.#runs.search(words);
    }
    this.#storyKeys.meet(texts.map(keyOf).join(''));
    this.#trainingSentences += sentences.length;
    this.#trainingStories++;
  }

  /** What has been found so far. */
  result(): Novelty {
    const longest = this.#runs.longestFound(this.#sentences);
    const shares = longest.map((run, i) => run / this.#sentences[i]!.length);
    return {
      sentences: this.#sentenceKeys.total, copiedSentences: this.#sentenceKeys.met, copiedSentenceShare: this.#sentenceKeys.share,
      stories: this.#storyKeys.total, copiedStories: this.#storyKeys.met, copiedStoryShare: this.#storyKeys.share,
      longestCopiedRun: mean(longest), longestCopiedRunShare: mean(shares),
      trainingSentences: this.#trainingSentences, trainingStories: this.#trainingStories,
    };
  }
}

/** Compares outputs with a training set. Both are stories of sentences; the training set is read once, and not kept. */
export function novelty(stories: Iterable<readonly string[]>, training: Iterable<readonly string[]>): Novelty {
  const check = new NoveltyCheck(stories);
  for (const sentences of training) check.compare(sentences);
  return check.result();
}

/** How many texts were met in the training set; a text that was written twice counts twice. */
class Copies {
  readonly total: number;
  readonly #left = new Map<string, number>();
  met = 0;

  constructor(keys: readonly string[]) {
    this.total = keys.length;
    for (const key of keys) this.#left.set(key, (this.#left.get(key) ?? 0) + 1);
  }

  meet(key: string): void {
    const count = this.#left.get(key);
    if (count === undefined) return;
    this.met += count;
    this.#left.delete(key);
  }

  get share(): number {
    return this.total === 0 ? 0 : this.met / this.total;
  }
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
