import type { DecodingOptions } from '../decoding/options.ts';
import type { FeatureTable } from '../data/features.ts';
import type { StoryOutput } from '../data/storyoutput.ts';
import type { StorySet } from '../data/stories.ts';
import type { Storyteller } from './storyteller.ts';

/**
 * Tells every story of a set. A photo sequence that several human stories share is told once: what is told depends on
 * the photos alone.
 */
export async function tellSplit(
  storyteller: Storyteller,
  stories: StorySet,
  features: FeatureTable,
  decoding: DecodingOptions,
  options: { limit?: number; onStory?: (done: number) => void } = {},
): Promise<StoryOutput[]> {
  const wanted = stories.imageIds.slice(0, options.limit);
  const keys = wanted.map((ids) => ids.join(' '));
  const unique = new Map(keys.map((key, i) => [key, wanted[i]!] as const));
  const place = new Map([...unique.keys()].map((key, i) => [key, i] as const));
  const sequences = [...unique.values()];
  const told = await storyteller.tellSequences(features, sequences, decoding, (done) =>
    options.onStory?.(Math.round((done / sequences.length) * wanted.length)));
  return wanted.map((imageIds, i) => {
    const { sentences, scores } = told[place.get(keys[i]!)!]!;
    return { id: stories.ids[i]!, imageIds, sentences, scores };
  });
}
