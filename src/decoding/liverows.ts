import type { HostTensor } from '../core/hosttensor.ts';
import type { NextWords, Search } from './search.ts';

/** One entry a live hypothesis; those of one story (or passage) stand together. */
export interface LiveRows {
  readonly parents: number[];
  readonly stories: number[];
  readonly tokens: number[];
}

/** Asks every unfinished search for its next words. @param stories the story of each row of the results */
export function advanceAll(searches: readonly Search[], stories: readonly number[], words: HostTensor, logProbabilities: HostTensor): LiveRows {
  const count = words.shape[1]!;
  const next = (row: number): NextWords => ({
    tokens: (words.data as Int32Array).subarray(row * count, (row + 1) * count),
    logProbabilities: (logProbabilities.data as Float32Array).subarray(row * count, (row + 1) * count),
  });
  const live: LiveRows = { parents: [], stories: [], tokens: [] };
  for (let first = 0; first < stories.length;) {
    const [from, story] = [first, stories[first]!];
    while (stories[first] === story) first++;
    const { parents, tokens } = searches[story]!.advance((row) => next(from + row));
    parents.forEach((parent, i) => {
      live.parents.push(from + parent);
      live.stories.push(story);
      live.tokens.push(tokens[i]!);
    });
  }
  return live;
}
