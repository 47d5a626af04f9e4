import { UserError } from '../core/errors.ts';
import type { Hdf5Reader } from '../io/hdf5.ts';

/** Photos looked up to find out whether ids and vectors agree. */
const PROBES = 200;

/**
 * VIST-seq2seq sorted sentences and image vectors into the writer's order but left `image_ids` as they stood in the
 * JSON. Where the two orders differ, a photo told in several stories shows up with several vectors, and nothing read
 * by its id can be trusted. Looks at up to 200 photos that come more than once.
 * @throws UserError naming a photo with two different vectors
 */
export function checkEmbeddingOrder(file: Hdf5Reader): void {
  const [stories = 0, photos = 0, ...rest] = file.shape('image_embeddings');
  const width = rest.reduce((a, b) => a * b, 1);
  const ids = file.strings('image_ids', { rank: 2 });
  const first = new Map<string, number>();
  let probes = 0;
  for (let place = 0; place < stories * photos && probes < PROBES; place++) {
    const earlier = first.get(ids[place]!);
    if (earlier === undefined) {
      first.set(ids[place]!, place);
      continue;
    }
    probes++;
    const [a, b] = [earlier, place].map((at) => readVector(file, at, photos, width)) as [Float32Array, Float32Array];
    if (a.every((value, i) => Math.abs(value - b[i]!) <= 1e-4 * Math.max(1, Math.abs(value)))) continue;
    throw new UserError(`${file.path}: photo ${ids[place]} has two different vectors, so image_ids are not in the order of image_embeddings (a fault of VIST-seq2seq's preparation); prepare the stories again from the VIST JSON`);
  }
}

function readVector(file: Hdf5Reader, place: number, photos: number, width: number): Float32Array {
  const story = Math.floor(place / photos);
  const start = (place % photos) * width;
  return file.floats('image_embeddings', { rows: [story, story + 1] }).subarray(start, start + width);
}
