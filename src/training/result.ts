import type { TrainingState } from './checkpointfiles.ts';
import type { LoopOptions } from './config.ts';

/** What a training came to; result.json. Losses are means per word in nats (or what else the task counts); NaN before the first epoch is done. */
export interface TrainingResult {
  /** Trainable values. */
  readonly parameters: number;
  readonly epochs: number;
  readonly steps: number;
  /** Of the best epoch. */
  readonly train_loss: number;
  readonly validation_loss: number;
  /** From 1; 0 before the first is done. */
  readonly best_epoch: number;
  /** exp of the validation loss; null where the loss is no log-likelihood. */
  readonly perplexity: number | null;
  /** Of training, over all sittings. */
  readonly seconds: number;
  readonly stopped: 'all epochs' | 'no improvement' | 'interrupted';
}

/** Why a training in this state is over; undefined while there is more to train. */
export function reasonToStop(state: TrainingState, { epochs, patience }: Pick<LoopOptions, 'epochs' | 'patience'>): 'all epochs' | 'no improvement' | undefined {
  if (state.epoch >= epochs) return 'all epochs';
  const { best_epoch } = state;
  return patience !== null && best_epoch !== null && state.epoch - best_epoch >= patience ? 'no improvement' : undefined;
}

/** @param likelihood whether the loss is a log-likelihood */
export function resultOf({ history, best_epoch, best_loss, step, seconds }: TrainingState, parameters: number, stopped: TrainingResult['stopped'], likelihood = true): TrainingResult {
  const best = history.find((row) => row.epoch + 1 === best_epoch);
  return {
    parameters,
    epochs: history.length,
    steps: step,
    train_loss: best?.loss ?? NaN,
    validation_loss: best_loss ?? NaN,
    best_epoch: best_epoch ?? 0,
    perplexity: likelihood ? Math.exp(best_loss ?? NaN) : null,
    seconds,
    stopped,
  };
}
