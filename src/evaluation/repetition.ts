import { DistinctNgrams } from './distinctngrams.ts';
import { countNgrams } from './ngrams.ts';
import type { NgramCounts } from './ngrams.ts';
import { TOKENIZERS } from './tokenizers.ts';

/** RoViST-NR of one story, or means over stories. A story of fewer than two sentences has none: null. */
export interface NonRedundancy {
  /** Mean overlap of each sentence with every earlier one of its story. */
  readonly interSentence: number | null;
  /** Mean overlap of neighbouring windows within a sentence; 0 when all sentences fit into one window. */
  readonly intraSentence: number;
  /** 1 - (interSentence + intraSentence) / 2: 1 says nothing twice. */
  readonly score: number | null;
}

/** Words of a window within a sentence: RoViST's default. */
const WINDOW = 4;

/**
 * Non-redundancy of a story (RoViST-NR: Wang, Han and Poon 2022), as the authors' `non_redun_scorer.py` computes it:
 * - The last token of each sentence is left out, a word too; the paper means its full stop.
 * - Overlap of two stretches is the number of pairs of equal tokens over the number of different tokens in both. A word
 *   that stands twice on both sides counts four times, where the paper's Jaccard index counts it once: a story that
 *   repeats itself can score below 0.
 * - Windows of four words do not overlap; the last may be shorter.
 *
 * Two differences. The script cuts a text with NLTK into sentences and tokens; here they are the story's own. And where
 * two sentences hold nothing but their last token, the script stops with a division by zero; here they overlap by 0.
 *
 * @param sentences tokens; a sentence without any is left out, as NLTK would not see it
 */
export function nonRedundancy(sentences: readonly (readonly string[])[], window = WINDOW): NonRedundancy {
  const kept = sentences.filter((tokens) => tokens.length > 0).map((tokens) => tokens.slice(0, -1));
  const inter: number[] = [];
  const counts = kept.map((words) => countNgrams(words, 1));
  for (let next = 1; next < counts.length; next++) {
    for (let earlier = 0; earlier < next; earlier++) inter.push(overlap(counts[next]!, counts[earlier]!));
  }
  const intra: number[] = [];
  for (const words of kept) {
    const slices: NgramCounts[] = [];
    for (let start = 0; start < words.length; start += window) slices.push(countNgrams(words.slice(start, start + window), 1));
    for (let i = 1; i < slices.length; i++) intra.push(overlap(slices[i - 1]!, slices[i]!));
  }
  const [interSentence, intraSentence] = [mean(inter), mean(intra) ?? 0];
  return { interSentence, intraSentence, score: interSentence === null ? null : 1 - (interSentence + intraSentence) / 2 };
}

/** Pairs of equal words over different words. */
function overlap(a: NgramCounts, b: NgramCounts): number {
  let pairs = 0;
  let shared = 0;
  for (const [word, count] of a) {
    const other = b.get(word);
    if (other === undefined) continue;
    shared++;
    pairs += count * other;
  }
  const union = a.size + b.size - shared;
  return union === 0 ? 0 : pairs / union;
}

/** Repetition of trigrams (Yao et al. 2019, Plan-and-Write). 0 to 1; 0 repeats nothing. */
export interface TrigramRepetition {
  /** Between stories: 1 - different trigrams over all trigrams. */
  readonly interStory: number;
  /** Within a story: share of a sentence's different trigrams that an earlier sentence holds, mean over earlier sentences and stories. */
  readonly intraStory: number;
}

/** How much stories repeat themselves. */
export interface Repetition {
  /** Means over the stories that have a score. */
  readonly nonRedundancy: NonRedundancy;
  /** Stories of fewer than two sentences, which have none. */
  readonly unscored: number;
  /** Over all sentences (interStory), and the mean over positions, the first with its 0 among them (intraStory). */
  readonly trigrams: TrigramRepetition;
  /** The same at each position: the first sentences of all stories, the second ones, ... */
  readonly positions: readonly TrigramRepetition[];
  /** RoViST-NR of each story, in their order. */
  readonly stories: readonly NonRedundancy[];
}

/** Measures stories of tokenized sentences. Memory grows by some 16 bytes a word. */
export function repetition(stories: Iterable<readonly string[]>): Repetition {
  const scores: NonRedundancy[] = [];
  const numbers = new Map<string, number>();
  const everywhere = new DistinctNgrams(3, numbers);
  const positions: Position[] = [];
  for (const story of stories) {
    const sentences = story.map(TOKENIZERS.whitespace);
    scores.push(nonRedundancy(sentences));
    const trigrams = sentences.map((words) => countNgrams(words, 3));
    for (const [i, words] of sentences.entries()) {
      everywhere.add(words);
      (positions[i] ??= new Position(numbers)).add(words, trigrams[i]!, trigrams.slice(0, i));
    }
  }
  const scored = scores.filter(({ score }) => score !== null);
  const byPosition = positions.map(({ interStory, intraStory }) => ({ interStory, intraStory }));
  return {
    nonRedundancy: {
      interSentence: mean(scored.map(({ interSentence }) => interSentence!)),
      intraSentence: mean(scored.map(({ intraSentence }) => intraSentence)) ?? 0,
      score: mean(scored.map(({ score }) => score!)),
    },
    unscored: scores.length - scored.length,
    trigrams: { interStory: repeatedShare(everywhere), intraStory: mean(byPosition.map(({ intraStory }) => intraStory)) ?? 0 },
    positions: byPosition,
    stories: scores,
  };
}

function repeatedShare(trigrams: DistinctNgrams): number {
  return trigrams.total === 0 ? 0 : 1 - trigrams.different() / trigrams.total;
}

/** The sentences at one position of all stories that are so long. */
class Position {
  readonly #trigrams: DistinctNgrams;
  #shares = 0;
  #sentences = 0;

  constructor(numbers: Map<string, number>) {
    this.#trigrams = new DistinctNgrams(3, numbers);
  }

  /** @param counts trigrams of the words @param earlier those of the sentences before */
  add(words: readonly string[], counts: NgramCounts, earlier: readonly NgramCounts[]): void {
    this.#trigrams.add(words);
    this.#sentences++;
    // A sentence of fewer than three words repeats nothing.
    if (counts.size === 0 || earlier.length === 0) return;
    let held = 0;
    for (const other of earlier) for (const trigram of counts.keys()) if (other.has(trigram)) held++;
    this.#shares += held / (earlier.length * counts.size);
  }

  get interStory(): number {
    return repeatedShare(this.#trigrams);
  }

  get intraStory(): number {
    return this.#shares / this.#sentences;
  }
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
