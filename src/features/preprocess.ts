import { z } from 'zod';
import { nearestName, UserError } from '../core/errors.ts';
import { centreCrop, decodeResized, decodeStretched, RESIZE_KERNELS } from '../io/images.ts';
import type { PhotoSource } from '../io/images.ts';

const perChannel = z.tuple([z.number(), z.number(), z.number()]);

/** How a photo becomes the numbers a CNN reads: value = (pixel * scale - mean) / std, channel by channel. */
export const preprocessingSchema = z
  .strictObject({
    short_side: z.int().positive().describe('pixels of the shorter side after resizing, aspect kept'),
    crop: z.int().positive().describe('pixels of the side of the square cut from the centre'),
    fit: z.enum(['crop', 'stretch']).optional()
      .describe('crop, the default, cuts the square out; stretch resizes the whole photo to it and cuts nothing off'),
    kernel: z.enum(RESIZE_KERNELS).describe('interpolation of the resizing'),
    order: z.enum(['rgb', 'bgr']).describe('order of the channels; mean and std are given in it too'),
    layout: z.enum(['nchw', 'nhwc']).describe('order of the axes'),
    mean: perChannel.describe('subtracted after scaling, in the order of the channels'),
    std: z
      .tuple([z.number().positive(), z.number().positive(), z.number().positive()])
      .describe('divides after the subtraction, in the order of the channels'),
    scale: z.number().positive().describe('multiplies the pixels, which are 0 to 255'),
  })
  .refine((p) => p.crop <= p.short_side, { path: ['crop'], message: 'must not be larger than short_side' })
  .refine((p) => p.fit !== 'stretch' || p.crop === p.short_side, { path: ['crop'], message: 'must be short_side where fit is stretch' });

export type Preprocessing = z.infer<typeof preprocessingSchema>;

const WHOLE: Pick<Preprocessing, 'layout' | 'scale' | 'std'> = { layout: 'nchw', scale: 1, std: [1, 1, 1] };

/**
 * Known preprocessings by name.
 *
 * `alexnet` is what VIST-seq2seq describes: blue first, minus the training photos' channel means. Its mean.json
 * says blue 129.107, green 122.846, red 111.860, but the script that made it turned OpenCV's BGR into RGB first and
 * then called channel 0 blue, so 129.107 is red's mean (red is the highest in ImageNet's means too). The same turn
 * in its reader feeds the network red first: that is `alexnet-as-coded`, with OpenCV's interpolation.
 */
export const PREPROCESSINGS = {
  alexnet: { ...WHOLE, short_side: 227, crop: 227, kernel: 'linear', order: 'bgr',
    mean: [111.86036030559568, 122.846480839565, 129.10658822497595] },
  'alexnet-as-coded': { ...WHOLE, short_side: 227, crop: 227, kernel: 'opencv-linear', order: 'rgb',
    mean: [129.10658822497595, 122.846480839565, 111.86036030559568] },
  vgg19: { ...WHOLE, short_side: 256, crop: 224, kernel: 'linear', order: 'bgr', mean: [103.939, 116.779, 123.68] },
  'efficientnet-lite0': { ...WHOLE, short_side: 256, crop: 224, kernel: 'linear', order: 'rgb',
    mean: [127, 127, 127], std: [128, 128, 128] },
  imagenet: { layout: 'nchw', short_side: 256, crop: 224, kernel: 'linear', order: 'rgb', scale: 1 / 255,
    mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
} as const satisfies Record<string, Preprocessing>;

export type PreprocessingName = keyof typeof PREPROCESSINGS;

/** @throws UserError for a name that is not in the table */
export function preprocessingNamed(name: string): Preprocessing {
  if (Object.hasOwn(PREPROCESSINGS, name)) return preprocessingSchema.parse(PREPROCESSINGS[name as PreprocessingName]);
  const names = Object.keys(PREPROCESSINGS);
  const near = nearestName(name, names);
  const hint = near ? `did you mean ${near}?` : `choose one of ${names.join(', ')}, or give a .yaml file`;
  throw new UserError(`no preprocessing is called "${name}": ${hint}`);
}

/** The shape of one photo without the batch: [3, crop, crop] or [crop, crop, 3]. */
export function inputShape({ crop, layout }: Preprocessing): [number, number, number] {
  return layout === 'nchw' ? [3, crop, crop] : [crop, crop, 3];
}

/**
 * Decodes, resizes and crops (or stretches) one photo.
 * @returns [crop, crop, 3], red first, 0 to 255
 * @throws UserError naming the photo when it cannot be read
 */
export async function loadPixels(source: PhotoSource, preprocessing: Preprocessing, name?: string): Promise<Uint8Array> {
  const { short_side, crop, fit, kernel } = preprocessing;
  if (fit === 'stretch') return (await decodeStretched(source, crop, crop, kernel, name)).data;
  return centreCrop(await decodeResized(source, short_side, kernel, name), crop).data;
}

/** The same normalised: float32 of `inputShape`. @throws UserError naming the photo when it cannot be read */
export async function loadPhoto(source: PhotoSource, preprocessing: Preprocessing, name?: string): Promise<Float32Array> {
  return normalise(await loadPixels(source, preprocessing, name), preprocessing);
}

/** @param pixels [crop, crop, 3], red first; @returns float32 of `inputShape` */
export function normalise(pixels: Uint8Array, preprocessing: Preprocessing): Float32Array {
  const { crop, order, layout, mean, std, scale } = preprocessing;
  const area = crop * crop;
  const out = new Float32Array(3 * area);
  for (let c = 0; c < 3; c++) {
    const from = order === 'rgb' ? c : 2 - c;
    const [start, step] = layout === 'nchw' ? [c * area, 1] : [c, 3];
    const [m, s] = [mean[c]!, std[c]!];
    for (let i = 0; i < area; i++) out[start + i * step] = (pixels[i * 3 + from]! * scale - m) / s;
  }
  return out;
}
