import { appendFile, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export const BEGUN = Date.parse('2026-11-01T10:00:00.000Z');
export const NAME = 'tiny-2026-11-01T10-00-00';

/** A folder of runs of its own. */
export function runsFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'fabula-mlflow-'));
}

/** A run folder as training leaves it after its begin: configuration, environment, nothing measured. */
export async function begunRun(runs: string, name = NAME): Promise<string> {
  const folder = join(runs, name);
  await mkdir(folder, { recursive: true });
  await put(folder, 'config.json', { name: 'tiny', seed: 3, data: { features: ['a.h5', 'b.h5'], cnn: null }, model: { name: 'attention', previous: { units: 5 } } });
  await put(folder, 'environment.json', { fabula: '0.1.0', node: 'v20.1.0', threads: 2, git_commit: 'abc123', command_line: ['main.js', 'train', 'tiny.yaml'], data: { 'data.train': { size: 5 } } });
  await put(folder, 'run.json', { kind: 'train', started: new Date(BEGUN).toISOString() });
  await appendFile(join(folder, 'timeline.jsonl'), lineOf({ step: 0, epoch: 0, time: BEGUN, seconds: 0 }));
  return folder;
}

/**
 * Trains on: steps `from` to `to`, ten an epoch, 100 ms each, a line of the timeline every five steps. Each epoch told a
 * sample and left a better checkpoint.
 */
export async function trainOn(folder: string, from: number, to: number): Promise<void> {
  for (let step = from; step <= to; step++) {
    await appendFile(join(folder, 'metrics.jsonl'), lineOf({ step, epoch: Math.ceil(step / 10), loss: 8 / step, gradient_norm: 1, learning_rate: 0.1, words: 50 }));
    if (step % 10 === 0) await endEpoch(folder, step);
    if (step % 5 === 0) await appendFile(join(folder, 'timeline.jsonl'), lineOf({ step, epoch: Math.ceil(step / 10), time: BEGUN + step * 100, seconds: step / 10 }));
  }
}

async function endEpoch(folder: string, step: number): Promise<void> {
  const epoch = step / 10;
  await appendFile(join(folder, 'metrics.jsonl'), lineOf({ step, epoch, train_loss: 8 / step, val_loss: 9 / step }));
  await appendFile(join(folder, 'samples.jsonl'), lineOf({ epoch, stories: [{ id: '7', image_ids: ['1', '2'], sentences: ['we went out .', `epoch ${epoch} .`] }] }));
  await put(folder, 'history.csv', `epoch,loss,val_loss\n${epoch - 1},${8 / step},${9 / step}\n`);
  await put(folder, 'checkpoints/best/weights.safetensors', `weights of epoch ${epoch}`);
  await put(folder, 'checkpoints/best/state.json', { epoch });
}

/** A run of two epochs that has ended. */
export async function endedRun(runs: string, name = NAME): Promise<string> {
  const folder = await begunRun(runs, name);
  await trainOn(folder, 1, 20);
  await put(folder, 'result.json', { stopped: 'all epochs', steps: 20 });
  return folder;
}

export async function put(folder: string, name: string, content: unknown): Promise<void> {
  await mkdir(dirname(join(folder, name)), { recursive: true });
  await writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
}

export function lineOf(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}
