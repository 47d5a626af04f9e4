// Runs in a thread of its own, started by `mirrorRun`: sends a run folder to MLflow while the main thread trains.
import { parentPort, workerData } from 'node:worker_threads';
import type { DrawCharts } from './artifacts.ts';
import { MlflowClient } from './client.ts';
import { MirrorLoop } from './loop.ts';
import { RunSender } from './sender.ts';
import type { MlflowSettings } from './settings.ts';

export interface MirrorTask {
  readonly folder: string;
  readonly settings: MlflowSettings;
  /** Address of a module that exports `drawCharts`. */
  readonly charts?: string;
}

/** What the main thread asks for. */
export type MirrorRequest = 'wake' | 'close';

/** A line to print; null when all is done. */
export type MirrorAnswer = string | null;

const port = parentPort!;
const { folder, settings, charts } = workerData as MirrorTask;
// Loaded only when there is something to draw.
const draw = charts === undefined ? undefined : async (path: string) => ((await import(charts)) as { drawCharts: DrawCharts }).drawCharts(path);
const say = (line: string): void => port.postMessage(line satisfies MirrorAnswer);
const loop = new MirrorLoop(new RunSender(folder, new MlflowClient(settings), { tell: say, ...(draw && { draw }) }), { folder, say });

port.on('message', (request: MirrorRequest) => {
  if (request === 'wake') return loop.wake();
  void loop.close().catch((error: unknown) => say(String(error))).finally(() => port.postMessage(null satisfies MirrorAnswer));
});
