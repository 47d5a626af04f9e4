// FLOPs of one training step, counted as peers/peerlib.py counts them: matrix products only (2 x multiply-adds),
// forward, weight gradients and data gradients; none into photo features or the frozen word vectors.

const VOCABULARY = 10004, WORDS = 300, FEATURES = 4096, STEPS = 22, PHOTOS = 5;
export const LAST = { a: 5, b: 3, c: 3 };

/**
 * padded: every padded step computed, five photo slots a row, as Keras does it. useful: real words only, each photo
 * projected once; the encoder of the sentence before stays at 22 steps, its padding is part of the maths.
 * @param sentences B @param words real words and ENDs in the batch
 */
export function stepFlops(model, hidden, sentences, words) {
  const rows = sentences * STEPS;
  let slots = 0;
  for (let j = 0; j < PHOTOS; j++) slots += Math.min(j + 1, LAST[model]);
  return {
    padded: products(model, hidden, sentences, sentences * PHOTOS, sentences * PHOTOS, rows),
    useful: products(model, hidden, sentences, sentences, (sentences / PHOTOS) * slots, words ?? rows),
  };
}

function products(model, hidden, sentences, projected, recurrent, words) {
  const decoder = model === 'c' ? 2 * hidden : hidden;
  const previous = sentences * STEPS;
  let sum = 2 * 2 * projected * FEATURES * 3 * hidden + 3 * 2 * recurrent * hidden * 3 * hidden;
  if (model !== 'a') sum += 2 * 2 * previous * WORDS * 3 * hidden + 3 * 2 * previous * hidden * 3 * hidden;
  sum += 2 * 2 * words * WORDS * 3 * decoder + 3 * 2 * words * decoder * 3 * decoder;
  // Attention with the rank-one score: combine, scores and context over the 22 states.
  if (model === 'b') sum += 3 * words * (2 * 2 * hidden * hidden + 2 * 2 * STEPS * hidden + 2 * hidden);
  return sum + 3 * 2 * words * decoder * VOCABULARY;
}

/** FLOPs of decoding one story of model c, as peers/peer_decode.py counts them. @param rows decoder rows a story */
export function storyFlops(hidden, rows, embeddingTable) {
  const decoder = 2 * hidden;
  const step = (embeddingTable ? 0 : WORDS * 3 * decoder) + decoder * 3 * decoder + decoder * VOCABULARY;
  const encoders = PHOTOS * (FEATURES * 3 * hidden + STEPS * (WORDS * 3 * hidden + hidden * 3 * hidden)) + 12 * hidden * 3 * hidden;
  return 2 * (rows * step + encoders);
}
