// The three models as the peers have them, and their weights.
import { storyModelSchema } from '../../dist/models/options.js';
import { eachArray } from './stream.mjs';

/** Sizes and switches of peers/peerlib.py: frozen word vectors, the sentence before with its padding, photos as they are. */
const PEERS = {
  a: { name: 'encoder-decoder', photos: { last: 5 } },
  b: { name: 'attention', photos: { last: 3 }, attention: { score: 'rank-one', feed: 'state' } },
  c: { name: 'previous-sentence', photos: { last: 3 } },
};
export const MODELS = Object.keys(PEERS);

export function modelOptions(model, hidden) {
  const given = PEERS[model];
  if (!given) throw new Error(`--model ${model}: choose one of ${MODELS.join(', ')}`);
  return storyModelSchema.parse({
    ...given,
    photos: { normalise: 'none', units: hidden, ...given.photos },
    previous: { units: hidden, mask: false },
    embedding: { size: 300, trainable: false },
  });
}

/** Where each array of the peers goes; `true` where it lies the other way round. */
const cell = (theirs, ours) => ({
  [`${theirs}.w_ih`]: [`${ours}.input`, true],
  [`${theirs}.w_hh`]: [`${ours}.recurrent`, true],
  [`${theirs}.b_ih`]: [`${ours}.bias`, false],
  [`${theirs}.b_hh`]: [`${ours}.recurrent_bias`, false],
});
const PLACES = {
  ...cell('img', 'photos.0'), ...cell('sent', 'previous'), ...cell('dec', 'decoder.0'),
  emb: ['embedding', false],
  'att.w_c': ['combine.kernel', true], 'att.b_c': ['combine.bias', false], 'att.w_a': ['attention.kernel', true],
  'out.w': ['output.kernel', true], 'out.b': ['output.bias', false],
};

/** Every parameter from the arrays that `make_batches.py --weights` wrote. */
export function fillWeights(values, stem) {
  const missing = new Set(Object.keys(values));
  eachArray(stem, (name, shape, data) => {
    const [ours, turned] = PLACES[name];
    if (turned) transpose(data, ...shape, values[ours].data);
    else values[ours].data.set(data);
    missing.delete(ours);
  });
  if (missing.size > 0) throw new Error(`${stem}: no weights for ${[...missing]}`);
}

function transpose(data, rows, columns, out) {
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = data[i * columns + j];
}
