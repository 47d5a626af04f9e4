import type { Telling } from './telling.ts';
import type { PhotoFacts } from './world.ts';

export const SPLITS = ['train', 'val', 'test'] as const;
export type Split = (typeof SPLITS)[number];

/** Five photos in order with everything told about them. */
export interface Sequence {
  readonly albumId: string;
  readonly photoIds: readonly string[];
  readonly photos: readonly PhotoFacts[];
  readonly tellings: readonly Telling[];
  /** Captions of each photo. */
  readonly captions: readonly (readonly string[])[];
}
