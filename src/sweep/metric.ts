import type { HistoryRow } from '../tracking/runfolder.ts';
import { bestOf } from '../tracking/runrecord.ts';

/** What trials may be compared by. */
export const METRICS = ['val_loss', 'last_val_loss', 'train_loss'] as const;
export type Metric = (typeof METRICS)[number];

/** The losses of a run after some epochs: in nats per word where they are log-likelihoods. */
export interface Losses {
  /** Lowest validation loss. */
  readonly val_loss: number;
  /** That of the last epoch. */
  readonly last_val_loss: number;
  /** Training loss of the epoch that validated best. */
  readonly train_loss: number;
  /** null where losses are no log-likelihoods. */
  readonly perplexity: number | null;
  /** Counted from 1. */
  readonly best_epoch: number;
  readonly epochs: number;
}

/**
 * The losses of the first `epochs` epochs; undefined when none has a validation loss that is a finite number.
 * @param likelihood whether they are log-likelihoods
 */
export function lossesAfter(history: readonly HistoryRow[], epochs: number, likelihood = true): Losses | undefined {
  const rows = history.filter(({ epoch }) => epoch < epochs);
  const best = bestOf(rows);
  if (best === undefined) return undefined;
  return {
    val_loss: best.val_loss,
    last_val_loss: rows.at(-1)!.val_loss,
    train_loss: best.loss,
    perplexity: likelihood ? Math.exp(best.val_loss) : null,
    best_epoch: best.epoch + 1,
    epochs: rows.length,
  };
}
