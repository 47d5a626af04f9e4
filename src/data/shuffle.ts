import { Random } from '../core/random.ts';
import type { StorySet } from './stories.ts';

/** The same stories, each with the photos of another: the control that shows what a model learns from photos. */
export function shufflePhotos(stories: StorySet, seed: number): StorySet {
  const order = new Random(`${seed}/shuffled photos`).shuffle(stories.imageIds.map((_, i) => i));
  // A cycle through the shuffled order: no story keeps its own photos.
  const imageIds: (readonly string[])[] = stories.imageIds.map((ids) => ids);
  order.forEach((story, i) => (imageIds[story] = stories.imageIds[order[(i + 1) % order.length]!]!));
  return { ...stories, imageIds };
}
