/** What trials may be compared by. */
export const METRICS = ['val_loss', 'last_val_loss', 'train_loss'] as const;
export type Metric = (typeof METRICS)[number];

/** One line of a run's history.csv. */
export interface Epoch {
  /** Counted from 0, as Keras does. */
  readonly epoch: number;
  readonly loss: number;
  readonly val_loss: number;
}

/** The losses of a run after some epochs, in nats per word. */
export interface Losses {
  /** Lowest validation loss. */
  readonly val_loss: number;
  /** That of the last epoch. */
  readonly last_val_loss: number;
  /** Training loss of the epoch that validated best. */
  readonly train_loss: number;
  readonly perplexity: number;
  /** Counted from 1. */
  readonly best_epoch: number;
  readonly epochs: number;
}

/** The losses of the first `epochs` epochs; undefined when there is none. */
export function lossesAfter(history: readonly Epoch[], epochs: number): Losses | undefined {
  const rows = history.filter(({ epoch }) => epoch < epochs);
  const [first] = rows;
  if (first === undefined) return undefined;
  const best = rows.reduce((a, b) => (b.val_loss < a.val_loss ? b : a), first);
  return {
    val_loss: best.val_loss,
    last_val_loss: rows.at(-1)!.val_loss,
    train_loss: best.loss,
    perplexity: Math.exp(best.val_loss),
    best_epoch: best.epoch + 1,
    epochs: rows.length,
  };
}
