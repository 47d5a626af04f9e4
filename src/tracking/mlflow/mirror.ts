import { Worker } from 'node:worker_threads';
import { messageOf } from '../../core/errors.ts';
import type { RunFolder } from '../runfolder.ts';
import type { MirrorAnswer, MirrorRequest, MirrorTask } from './mirrorworker.ts';
import type { MlflowSettings } from './settings.ts';
import { mlflowSettings } from './settings.ts';

/** A living run that is mirrored to an MLflow server. */
export interface Mirror {
  /** For the events of a training: each only wakes the thread that sends. */
  readonly events: {
    /** The same as `wake`. */
    onEpoch(): void;
  };
  /** Says that something was written: it is sent soon rather than at the next look. */
  wake(): void;
  /** Sends the rest, when the run has ended: takes 15 seconds at most, and says what is left. Never throws. */
  close(): Promise<void>;
}

/** How a run is mirrored. */
export interface MirrorOptions {
  /** Compiled module that exports `drawCharts`: it is loaded by the thread that sends. */
  readonly charts?: URL;
  /** Told what there is to say, a line each; default: on standard error. */
  readonly say?: (line: string) => void;
}

/** Seconds after which a thread that should have ended is ended. */
const LAST_RESORT = 18;

const NO_MIRROR: Mirror = { events: { onEpoch() {} }, wake() {}, close: async () => {} };

/**
 * Mirrors a run folder to MLflow while the run writes it, where MLFLOW_TRACKING_URI is set; else does nothing. A thread
 * of its own reads the files and sends: neither a slow server nor a large checkpoint holds a step up. What goes wrong
 * is said in a line, and never stops the run.
 */
export function mirrorEvents(folder: Pick<RunFolder, 'path'>, { charts, say = sayOnTerminal }: MirrorOptions = {}): Mirror {
  let settings: MlflowSettings | undefined;
  try {
    settings = mlflowSettings();
  } catch (error) {
    say(messageOf(error));
  }
  return settings === undefined ? NO_MIRROR : mirrorRun({ folder: folder.path, settings, ...(charts && { charts: charts.href }) }, say);
}

function mirrorRun(task: MirrorTask, say: (line: string) => void): Mirror {
  const worker = new Worker(new URL('./mirrorworker.js', import.meta.url), { workerData: task });
  worker.unref();
  let end: () => void;
  const ended = new Promise<void>((resolve) => (end = resolve));
  worker.on('message', (answer: MirrorAnswer) => (answer === null ? end() : say(answer)));
  worker.on('error', (error) => {
    say(`the thread that sends to MLflow has failed: ${messageOf(error)}; send the run later with: fabula runs sync ${task.folder}`);
    end();
  });
  worker.on('exit', () => end());
  const post = (request: MirrorRequest): void => worker.postMessage(request);
  return {
    events: { onEpoch: () => post('wake') },
    wake: () => post('wake'),
    async close() {
      worker.ref();
      post('close');
      const timer = setTimeout(() => end(), LAST_RESORT * 1000);
      await ended;
      clearTimeout(timer);
      await worker.terminate();
    },
  };
}

/** Over a progress bar, which draws itself again. */
function sayOnTerminal(line: string): void {
  process.stderr.write(`${process.stderr.isTTY ? '\r\x1b[K' : ''}fabula: ${line}\n`);
}
