import { UserError } from '../../core/errors.ts';
import { sha256 } from '../../core/files.ts';
import { Random } from '../../core/random.ts';
import { readCaptions } from '../../data/captions/captionset.ts';
import { featureNames, splitName } from '../../data/captions/photos.ts';
import type { FeatureTable } from '../../data/features.ts';
import { tokenize } from '../../text/tokenizer.ts';
import type { DataRecord } from '../../tracking/environment.ts';

/** A photo with features and captions. */
export interface PhotoCaptions {
  readonly id: string;
  /** Its id in the feature table. */
  readonly feature: string;
  readonly split: string | undefined;
  /** Tokens of each. */
  readonly captions: readonly (readonly string[])[];
}

/** The photos that have both captions and features. @throws UserError when none has */
export async function photoCaptions(paths: readonly string[], features: Pick<FeatureTable, 'has' | 'path'>): Promise<PhotoCaptions[]> {
  const { photos, path } = await readCaptions(paths);
  const found = photos.flatMap((photo): PhotoCaptions[] => {
    const feature = featureNames(photo).find((name) => features.has(name));
    const captions = photo.captions.map(tokenize).filter(({ length }) => length > 0);
    return feature === undefined || captions.length === 0 ? [] : [{ id: photo.id, feature, split: photo.split, captions }];
  });
  if (found.length === 0) throw new UserError(`${features.path}: holds none of the ${photos.length} photos of ${path}, by their ids or the names of their files`);
  return found;
}

interface SplitKeys {
  readonly train: string | null;
  readonly validation: string | null;
  readonly held_out: number;
}

/** Photos to train on and to measure on. @throws UserError when one of them is none */
export function splitPhotos(photos: readonly PhotoCaptions[], { train, validation, held_out }: SplitKeys, seed: number): { train: PhotoCaptions[]; validation: PhotoCaptions[] } {
  const inSplit = (name: string): PhotoCaptions[] => photos.filter(({ split }) => split !== undefined && splitName(split) === splitName(name));
  const candidates = train === null ? photos.filter((photo) => validation === null || splitName(photo.split ?? '') !== splitName(validation)) : inSplit(train);
  const order = new Random(`${seed}/held out`).shuffle([...candidates]);
  const held = validation === null ? new Set(order.slice(0, Math.max(1, Math.round(candidates.length * held_out)))) : new Set(inSplit(validation));
  const parts = { train: candidates.filter((photo) => !held.has(photo)), validation: photos.filter((photo) => held.has(photo)) };
  for (const [part, name] of [['train', train], ['validation', validation]] as const) {
    if (parts[part].length > 1) continue;
    const splits = [...new Set(photos.map(({ split }) => split ?? 'none'))].join(', ');
    throw new UserError(`data.${part}: ${name === null ? `${parts[part].length} of ${photos.length} photos are left for it` : `${parts[part].length} photos are of split ${name}; the captions have ${splits}`}; two at least are needed${name === null ? '' : ': name splits that there are, or none (null), which holds photos out'}`);
  }
  return parts;
}

/** For environment.json. */
export function captionRecords(photos: readonly PhotoCaptions[], features: FeatureTable): Record<string, DataRecord> {
  const rows = features.rows(photos.slice(0, 256).map(({ feature }) => feature));
  const bytes = Buffer.from(rows.buffer, rows.byteOffset, rows.byteLength);
  return {
    'data.captions': { photos: photos.length, sentences: photos.reduce((sum, { captions }) => sum + captions.length, 0), content: sha256(JSON.stringify(photos)) },
    'data.features': { photos: features.ids.length, fingerprint: features.fingerprint, content: sha256(bytes) },
  };
}
