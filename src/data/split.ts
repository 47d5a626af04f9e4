import { UserError } from '../core/errors.ts';
import { Random } from '../core/random.ts';

/** How stories are divided. */
export interface SplitOptions {
  /** Share of the stories that goes to development; 0.15 by default. */
  share?: number;
  seed?: number | string;
}

/** Places of stories in each part; no photo is in two of them. */
export interface StorySplit {
  /** Places of the stories, ascending. */
  train: number[];
  development: number[];
}

/**
 * Divides stories so that no photo is in both parts: VIST tells a photo in several stories, and a story whose photos
 * were trained on is not held out. Stories that share photos, also through others, stay together; the groups are
 * drawn in an order set by the seed, and a group is taken while it fits into the share. The same stories, share and
 * seed give the same parts.
 * @throws UserError when one group is so large that a part stays empty
 */
export function splitByPhoto(stories: readonly { readonly imageIds: readonly string[] }[], options: SplitOptions = {}): StorySplit {
  const { share = 0.15, seed = 0 } = options;
  if (!(share > 0 && share < 1)) throw new UserError(`share ${share}: a number between 0 and 1 is needed`);
  const target = Math.round(share * stories.length);
  const inDevelopment = new Set<number>();
  for (const group of new Random(seed).fork('split by photo').shuffle(photoGroups(stories))) {
    if (inDevelopment.size + group.length <= target) for (const place of group) inDevelopment.add(place);
  }
  const train: number[] = [];
  const development: number[] = [];
  stories.forEach((_, place) => (inDevelopment.has(place) ? development : train).push(place));
  if (train.length === 0 || development.length === 0) {
    throw new UserError(`${stories.length} stories cannot be split by photo at a share of ${share}: those that share photos stay together; change the share or give more stories`);
  }
  return { train, development };
}

/** Connected stories (union-find over photos): lists of places, in order of their first story. */
export function photoGroups(stories: readonly { readonly imageIds: readonly string[] }[]): number[][] {
  const parent = stories.map((_, place) => place);
  const root = (place: number): number => {
    let at = place;
    while (parent[at] !== at) at = parent[at] = parent[parent[at]!]!;
    return at;
  };
  const seen = new Map<string, number>();
  stories.forEach(({ imageIds }, place) => {
    for (const id of imageIds) {
      const other = seen.get(id);
      if (other === undefined) seen.set(id, place);
      else parent[root(place)] = root(other);
    }
  });
  const groups = new Map<number, number[]>();
  stories.forEach((_, place) => {
    const key = root(place);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [place]);
    else group.push(place);
  });
  return [...groups.values()];
}
