// A batch as programs without packing compute it: every sentence as long as the longest that may be.

/** The packed batch with all rows in every step; those that hold no word weigh nothing. */
export function padded(batch, steps) {
  const sentences = batch.order.shape[0];
  const ladder = Array.from({ length: steps - 1 }, () => sentences);
  const rows = sentences * ladder.length;
  const spread = (tensor) => {
    const data = new tensor.data.constructor(rows);
    let from = 0;
    batch.ladder.forEach((count, t) => {
      data.set(tensor.data.subarray(from, from + count), t * sentences);
      from += count;
    });
    return { ...tensor, shape: [rows], data };
  };
  return { ...batch, tokens: spread(batch.tokens), targets: spread(batch.targets), weights: spread(batch.weights), ladder };
}
