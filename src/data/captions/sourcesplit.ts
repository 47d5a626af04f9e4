import { UserError } from '../../core/errors.ts';
import { Random } from '../../core/random.ts';
import type { CaptionedPhoto } from './photos.ts';

/** Sizes of the parts, in photos. */
export interface SourceSplitOptions {
  /** All that are left, unless given. */
  train?: number;
  validation: number;
  test: number;
  seed?: number | string;
}

/** The three parts. */
export interface SourceSplit {
  readonly train: readonly CaptionedPhoto[];
  readonly validation: readonly CaptionedPhoto[];
  readonly test: readonly CaptionedPhoto[];
}

/**
 * Divides photos, each with all its captions, into three parts: a caption of a photo trained on would give its test
 * captions away. Which photos go where depends on their ids and the seed alone, not on their order in the file; inside
 * a part they keep that order. With another size of `train` validation and test stay the same photos.
 * @throws UserError when a size makes no sense, there are too few photos, or an id is there twice
 */
export function sourceSplit(photos: readonly CaptionedPhoto[], options: SourceSplitOptions): SourceSplit {
  const { validation, test, seed = 0 } = options;
  const train = options.train ?? photos.length - validation - test;
  for (const [part, size] of Object.entries({ train: options.train ?? 0, validation, test })) {
    if (!Number.isInteger(size) || size < 0) throw new UserError(`${part} ${size}: give a whole number of photos, 0 or more`);
  }
  if (train < 0 || train + validation + test > photos.length) {
    throw new UserError(`${photos.length} photos cannot be divided into ${options.train ?? 'some'} for training, ${validation} for validation and ${test} for testing; give smaller sizes or more photos`);
  }
  const ids = photos.map(({ id }) => id).sort();
  const twice = ids.find((id, i) => ids[i - 1] === id);
  if (twice !== undefined) throw new UserError(`photo ${twice} is there twice; put its captions together before photos are divided`);
  const order = new Random(seed).fork('split of captioned photos').shuffle(ids);
  const part = (from: number, size: number): CaptionedPhoto[] => {
    const chosen = new Set(order.slice(from, from + size));
    return photos.filter(({ id }) => chosen.has(id));
  };
  return { test: part(0, test), validation: part(test, validation), train: part(test + validation, train) };
}
