import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'fabula-report-'));
}

export const LOSSES = [[3, 2.5], [2, 2], [1.5, 2.25]] as const;

/** Files of a run of three epochs with four steps each; the second validated best. */
export function runFiles(name: string, model = 'attention'): Record<string, string> {
  const steps = LOSSES.flatMap(([loss, validation], e) => [
    ...Array.from({ length: 4 }, (_, i) => ({ step: e * 4 + i + 1, epoch: e + 1, loss: loss + (1.5 - i) / 10, gradient_norm: 1, learning_rate: 0.01 / (e + 1), words: 100 })),
    { step: e * 4 + 4, epoch: e + 1, train_loss: loss, val_loss: validation },
  ]);
  return {
    'config.json': JSON.stringify({ name, seed: 1, data: { train: 'train.h5', validation: 'nowhere/val.h5', features: 'nowhere/fc7.h5' }, model: { name: model, photos: { units: 6 } }, training: { epochs: 3 } }),
    'environment.json': JSON.stringify({ fabula: '0.1.0', node: 'v20', command: ['train', name] }),
    'run.json': JSON.stringify({ kind: 'train', started: '2026-01-02T03:04:05.000Z' }),
    'metrics.jsonl': steps.map((step) => `${JSON.stringify(step)}\n`).join(''),
    'history.csv': ['epoch,loss,val_loss', ...LOSSES.map(([a, b], e) => `${e},${a},${b}`)].map((line) => `${line}\n`).join(''),
    'result.json': JSON.stringify({ parameters: 1234, epochs: 3, steps: 12, train_loss: 2, validation_loss: 2, best_epoch: 2, perplexity: Math.exp(2), seconds: 6, stopped: 'all epochs' }),
  };
}

/** Writes a run folder; a file of null is left out. @returns its path */
export async function writeRun(parent: string, name: string, { model, files = {} }: { model?: string; files?: Record<string, string | null> } = {}): Promise<string> {
  const folder = join(parent, name);
  for (const [file, content] of Object.entries({ ...runFiles(name, model), ...files })) {
    if (content === null) continue;
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), content);
  }
  return folder;
}

/** A file of scores/. */
export function scores(protocol: string, values: Record<string, number>, references = 'data/val.h5'): string {
  return JSON.stringify({
    protocol, description: `${protocol}, as it is`, references: [references], segments: 150, columns: Object.keys(values),
    scores: Object.fromEntries(Object.entries(values).map(([column, value]) => [column, { value, low: value - 1, high: value + 1 }])),
    meteor: { id: 'METEOR-lite', data: 'built in' },
  });
}

/** stories.jsonl of these stories: photos a0 to a4, b0 to b4, ... */
export function storyLines(stories: Record<string, readonly string[]>): string {
  return Object.entries(stories).map(([id, sentences]) => `${JSON.stringify({ id, image_ids: [0, 1, 2, 3, 4].map((n) => `${id}${n}`), sentences })}\n`).join('');
}
