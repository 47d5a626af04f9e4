import { countNgrams } from './ngrams.ts';
import { TOKENIZERS } from './tokenizers.ts';

/** How varied texts are, references aside. Shares are 0 to 1; without a word or sentence they are 0. */
export interface Diversity {
  readonly stories: number;
  readonly sentences: number;
  readonly words: number;
  readonly wordsPerSentence: number;
  readonly wordsPerStory: number;
  /** Different words used. */
  readonly vocabulary: number;
  /** Different words over words (Li et al. 2016). */
  readonly distinct1: number;
  /** Different pairs over pairs of neighbouring words in a sentence. */
  readonly distinct2: number;
  /** Share of sentences that stand earlier in the same story. */
  readonly repeatedInStory: number;
  /** Share of sentences that stand earlier in any story, the same one too. */
  readonly repeatedAnywhere: number;
}

/** Measures stories of tokenized sentences. Memory grows with the different sentences and word pairs. */
export function diversity(stories: Iterable<readonly string[]>): Diversity {
  const [words1, words2, seen] = [new Set<string>(), new Set<string>(), new Set<string>()];
  const total = { stories: 0, sentences: 0, words: 0, pairs: 0, inStory: 0 };
  for (const sentences of stories) {
    total.stories++;
    const own = new Set<string>();
    for (const sentence of sentences) {
      const words = TOKENIZERS.whitespace(sentence);
      const text = words.join(' ');
      total.sentences++;
      total.words += words.length;
      total.pairs += Math.max(0, words.length - 1);
      if (own.has(text)) total.inStory++;
      own.add(text);
      seen.add(text);
      for (const word of words) words1.add(word);
      for (const pair of countNgrams(words, 2).keys()) words2.add(pair);
    }
  }
  return {
    stories: total.stories, sentences: total.sentences, words: total.words,
    wordsPerSentence: share(total.words, total.sentences),
    wordsPerStory: share(total.words, total.stories),
    vocabulary: words1.size,
    distinct1: share(words1.size, total.words),
    distinct2: share(words2.size, total.pairs),
    repeatedInStory: share(total.inStory, total.sentences),
    repeatedAnywhere: share(total.sentences - seen.size, total.sentences),
  };
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
