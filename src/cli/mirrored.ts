import type { Mirror } from '../tracking/mlflow/mirror.ts';
import { mirrorEvents } from '../tracking/mlflow/mirror.ts';
import type { RunFolder } from '../tracking/runfolder.ts';
import type { TrainingEvents } from '../training/trainer.ts';

/** Begins to mirror a folder; what it returns tells the training's events also to the mirror. */
export type Mirroring = (folder: Pick<RunFolder, 'path'>, events?: TrainingEvents) => TrainingEvents;

/** Does some work whose run folder is mirrored to MLflow, where MLFLOW_TRACKING_URI is set, and sends the rest at its end. */
export async function mirrored<T>(work: (mirror: Mirroring) => Promise<T>): Promise<T> {
  let mirror: Mirror | undefined;
  try {
    return await work((folder, events = {}) => {
      mirror = mirrorEvents(folder, { charts: new URL('./runs/charts.js', import.meta.url) });
      return joined(events, mirror);
    });
  } finally {
    await mirror?.close();
  }
}

function joined(events: TrainingEvents, mirror: Mirror): TrainingEvents {
  return {
    ...events,
    async onEpoch(row) {
      // First: it writes the samples of the epoch.
      await events.onEpoch?.(row);
      mirror.events.onEpoch();
    },
  };
}
