import { UserError } from '../core/errors.ts';
import { sizeOf } from '../core/hosttensor.ts';

/** What becomes of a layer that keeps places: refused, its mean over the places, or a row a place. */
export const POOLS = ['none', 'mean', 'spatial'] as const;
export type Pool = (typeof POOLS)[number];

interface Places {
  readonly count: number;
  readonly channels: number;
  readonly channelsFirst: boolean;
}

/**
 * The shape in which the features of one photo are stored: [D], or [L, D] with `spatial`, where L = H * W places in
 * reading order.
 * @param layerShape [D], [C, H, W], [H, W, C] or [L, D], as the CNN gives it for one photo
 * @throws UserError when layer and `pool` do not fit
 */
export function featureShape(layerShape: readonly number[], layout: 'nchw' | 'nhwc', pool: Pool, layer: string): number[] {
  const places = placesOf(layerShape, layout);
  if (!places) {
    if (layerShape.length !== 1) throw new UserError(`layer ${layer} gives [${layerShape.join(', ')}] for a photo: neither a vector nor places`);
    if (pool !== 'none') throw new UserError(`layer ${layer} gives one vector for a photo: leave out ${pool === 'mean' ? '--pool mean' : '--spatial'}, or choose a layer with places`);
    return [...layerShape];
  }
  const { count, channels } = places;
  if (pool === 'none' && count > 1) {
    throw new UserError(`layer ${layer} gives ${count} places of ${channels} numbers for a photo: keep them with --spatial, or average them with --pool mean`);
  }
  return pool === 'spatial' ? [count, channels] : [channels];
}

/** Brings rows of a layer's output, [n, ...layerShape], to [n, ...featureShape]. */
export function arrangePlaces(rows: Float32Array, layerShape: readonly number[], layout: 'nchw' | 'nhwc', pool: Pool): Float32Array {
  const places = placesOf(layerShape, layout);
  if (!places || places.count === 1) return rows;
  const { count, channels, channelsFirst } = places;
  const row = sizeOf(layerShape);
  const out = new Float32Array(pool === 'spatial' ? rows.length : rows.length / count);
  for (let n = 0; n < rows.length / row; n++) {
    for (let c = 0; c < channels; c++) {
      let sum = 0;
      for (let l = 0; l < count; l++) {
        const x = rows[n * row + (channelsFirst ? c * count + l : l * channels + c)]!;
        if (pool === 'spatial') out[n * row + l * channels + c] = x;
        else sum += x;
      }
      if (pool !== 'spatial') out[n * channels + c] = sum / count;
    }
  }
  return out;
}

function placesOf(shape: readonly number[], layout: 'nchw' | 'nhwc'): Places | undefined {
  if (shape.length === 2) return { count: shape[0]!, channels: shape[1]!, channelsFirst: false };
  if (shape.length !== 3) return undefined;
  const [a, b, c] = shape as [number, number, number];
  return layout === 'nchw' ? { count: b * c, channels: a, channelsFirst: true } : { count: a * b, channels: c, channelsFirst: false };
}
