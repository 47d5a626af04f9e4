import { UserError } from '../core/errors.ts';
import { sha256 } from '../core/files.ts';
import { sizeOf } from '../core/hosttensor.ts';
import { openHdf5, writeHdf5 } from '../io/hdf5.ts';
import type { Hdf5Reader, Hdf5Writer } from '../io/hdf5.ts';
import { checkFinite } from './featurerows.ts';
import { LoadedFeatures, RangedFeatures } from './featuretable.ts';
import type { FeatureTable, FeatureTableHead } from './featuretable.ts';
import { checkEmbeddingOrder } from './legacy.ts';
import type { StorySet } from './stories.ts';

export { featureStatistics } from './featurestatistics.ts';
export type { FeatureTable } from './featuretable.ts';

/** What made the features. Two files fit together when all four agree. */
export interface FeatureInfo {
  readonly cnn: string;
  readonly layer: string;
  readonly weightsSha256: string;
  /** Any JSON value: resize, crop, mean, ... */
  readonly preprocessing: unknown;
}

/** The fingerprint of a file that does not say what made it, such as VIST-seq2seq's. */
export const UNKNOWN_FINGERPRINT = 'unknown';

/** SHA-256 over CNN, layer, weights and preprocessing; the order of object keys does not matter. */
export function featureFingerprint(info: FeatureInfo): string {
  return sha256(stableJson([info.cnn, info.layer, info.weightsSha256, info.preprocessing]));
}

/** Features that are all in memory. */
export interface FeatureContent {
  /** [M], each once. */
  ids: readonly string[];
  /** [M, ...rowShape] */
  embeddings: Float32Array;
  /** [D], or [L, D] for spatial features. Default: one dimension. */
  rowShape?: readonly number[];
  info: FeatureInfo;
}

/** Features that are never in memory all at once. */
export interface FeatureStream {
  /** [M], each once. */
  ids: readonly string[];
  /** Whole rows in the order of `ids`, any number of them in a block; a block's array may be used again for the next. */
  blocks: Iterable<Float32Array> | AsyncIterable<Float32Array>;
  /** [D], or [L, D] for spatial features. */
  rowShape: readonly number[];
  info: FeatureInfo;
}

/**
 * Writes a features file, whole or not at all; a stream of any length in the memory of one block.
 * @throws UserError when a value is NaN or infinite, or an id comes twice
 */
export async function writeFeatures(path: string, content: FeatureContent | FeatureStream): Promise<void> {
  const { ids, info } = content;
  indexIds(path, ids);
  if ('embeddings' in content) {
    const { embeddings } = content;
    const shape = content.rowShape ?? [ids.length === 0 ? 0 : embeddings.length / ids.length];
    const size = sizeOf(shape);
    if (size * ids.length !== embeddings.length) {
      throw new Error(`features: ${embeddings.length} numbers for ${ids.length} photos of [${shape.join(', ')}]`);
    }
    checkFinite(path, embeddings, size, (row) => ids[row]!);
    return writeHdf5(path, (file) => {
      writeHead(file, ids, info);
      file.numbers('embeddings', embeddings, [ids.length, ...shape]);
    });
  }
  const size = sizeOf(content.rowShape);
  return writeHdf5(path, async (file) => {
    writeHead(file, ids, info);
    const rows = file.rows('embeddings', [ids.length, ...content.rowShape]);
    for await (const block of content.blocks) {
      checkFinite(path, block, size, (row) => ids[rows.written + row]!);
      rows.append(block);
    }
    if (rows.written !== ids.length) throw new Error(`features: ${rows.written} rows for ${ids.length} photos`);
  });
}

function writeHead(file: Hdf5Writer, ids: readonly string[], info: FeatureInfo): void {
  file.attributes({
    format: 'fabula features',
    version: 1,
    cnn: info.cnn,
    layer: info.layer,
    weights_sha256: info.weightsSha256,
    preprocessing: stableJson(info.preprocessing),
    fingerprint: featureFingerprint(info),
  });
  file.strings('image_ids', ids);
}

/** Features up to this size are loaded whole. */
export const MAX_LOADED_BYTES = 512 * 2 ** 20;

/**
 * Opens a features file: ours, VIST-seq2seq's `alexnet_*_features.hdf5`, or the `image_embeddings` inside its
 * `stories_to_index_*.hdf5` (a photo told twice counts once). Up to `maxBytes` (default 512 MB) it is loaded whole;
 * beyond, rows are read as they are asked for and `close` must be called.
 * @throws UserError when a value is NaN or infinite, naming the photo (for a large file: when the row is read)
 */
export async function openFeatures(path: string, options: { maxBytes?: number } = {}): Promise<FeatureTable> {
  const file = await openHdf5(path);
  let ranged = false;
  try {
    const head = readHead(file);
    if (head.allIds.length * head.size * 4 > (options.maxBytes ?? MAX_LOADED_BYTES)) {
      ranged = true;
      return new RangedFeatures(file, head);
    }
    const data = file.floats(head.name);
    checkFinite(path, data, head.size, (row) => head.allIds[row]!);
    return new LoadedFeatures(head, data);
  } finally {
    if (!ranged) file.close();
  }
}

/** @throws UserError naming the first story with a photo that has no features, and how many there are. */
export function requireFeatures(stories: StorySet, features: FeatureTable): void {
  const lacking = stories.imageIds.flatMap((photos, story) => {
    const photo = photos.find((id) => !features.has(id));
    return photo === undefined ? [] : [{ story: stories.ids[story]!, photo }];
  });
  const [first] = lacking;
  if (first === undefined) return;
  throw new UserError(`${features.path}: no features for photo ${first.photo} of story ${first.story} (${lacking.length} of ${stories.length} stories lack some); extract them, or prepare the stories with --features`);
}

/** Row of each id. @throws UserError when one comes twice. */
function indexIds(path: string, ids: readonly string[]): Map<string, number> {
  const index = new Map<string, number>();
  for (const [row, id] of ids.entries()) {
    if (index.has(id)) throw new UserError(`${path}: image_ids: photo ${id} is there twice, in rows ${index.get(id)} and ${row}`);
    index.set(id, row);
  }
  return index;
}

function readHead(file: Hdf5Reader): FeatureTableHead {
  const legacy = !file.has('embeddings') && file.has('image_embeddings');
  const name = legacy ? 'image_embeddings' : 'embeddings';
  const shape = file.shape(name);
  const rowShape = shape.slice(legacy ? 2 : 1);
  if (rowShape.length === 0) {
    throw new UserError(`${file.path}: dataset ${name} has shape [${shape.join(', ')}]; [photos, values] is needed`);
  }
  const rows = shape.slice(0, legacy ? 2 : 1).reduce((a, b) => a * b, 1);
  const allIds = file.strings('image_ids');
  if (allIds.length !== rows) throw new UserError(`${file.path}: ${allIds.length} image_ids for ${rows} rows of ${name}`);
  if (legacy) checkEmbeddingOrder(file);
  const index = legacy ? new Map(allIds.map((id, row) => [id, row] as const)) : indexIds(file.path, allIds);
  const info = readInfo(file);
  return {
    path: file.path,
    name,
    perRow: legacy ? shape[1]! : 1,
    allIds,
    index,
    rowShape,
    size: sizeOf(rowShape),
    info,
    fingerprint: info === undefined ? UNKNOWN_FINGERPRINT : featureFingerprint(info),
  };
}

/** The four attributes, or undefined when the file has none of them. */
function readInfo(file: Hdf5Reader): FeatureInfo | undefined {
  const attributes = file.attributes();
  const names = ['cnn', 'layer', 'weights_sha256', 'preprocessing'] as const;
  const missing = names.filter((name) => typeof attributes[name] !== 'string');
  if (missing.length === names.length) return undefined;
  if (missing.length > 0) throw new UserError(`${file.path}: attribute ${missing.join(', ')} is missing or not a text; extract the features again`);
  const [cnn, layer, weightsSha256, preprocessing] = names.map((name) => String(attributes[name])) as [string, string, string, string];
  try {
    return { cnn, layer, weightsSha256, preprocessing: JSON.parse(preprocessing) as unknown };
  } catch {
    throw new UserError(`${file.path}: attribute preprocessing is not JSON; extract the features again`);
  }
}

/** JSON with object keys sorted at every level. */
function stableJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item) ?? 'null';
}
