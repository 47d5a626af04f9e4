// Peak memory: of a training step beside the peers', and of training on a VIST of full size.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from './programs.mjs';
import { table } from './table.mjs';
import { trainSection } from './trainsection.mjs';

/** Memory has its peak after a few steps. */
const STEPS = 5;

export async function memorySection(settings) {
  const { data: { results } } = await trainSection({ ...settings, rounds: 1, steps: Math.min(settings.steps, STEPS) });
  const steps = results.map(({ model, hidden, peers }) => ({
    model, hidden,
    peak_rss_mb: Object.fromEntries(Object.entries(peers).filter(([, peer]) => peer.peak_rss_mb).map(([key, peer]) => [key, peer.peak_rss_mb])),
  }));
  const data = { steps, full_size: await fullSize(settings) };
  return { data, print: () => printMemory(data) };
}

async function fullSize({ work, threads, say }) {
  const program = join(import.meta.dirname, '..', 'fullsize.mjs');
  if (!existsSync(program)) return null;
  say('full-size VIST: making 3.3 GB of features and training on them');
  const { lines, error } = await runProgram({ command: process.execPath, args: [program, '--work', join(work, 'fullsize'), '--threads', String(threads)] }, threads);
  if (error) say(`full-size VIST left out: ${error}`);
  return error ? { error } : lines.at(-1);
}

function printMemory({ steps, full_size: full }) {
  const keys = [...new Set(steps.flatMap(({ peak_rss_mb: peaks }) => Object.keys(peaks)))];
  const rows = steps.map(({ model, hidden, peak_rss_mb: peaks }) => [`${model} ${hidden}`, ...keys.map((key) => peaks[key]?.toFixed(0) ?? '')]);
  const facts = Object.entries(full ?? {}).filter(([, value]) => typeof value === 'number').map(([what, value]) => [what.replaceAll('_', ' '), value]);
  const whole = facts.length > 0 ? `\n\nTraining on a synthetic VIST of full size:\n\n${table(['what', 'figure'], facts)}` : '';
  return `Peak resident memory of a process that trains, MB.\n\n${table(['model', ...keys.map((key) => key.replaceAll('_', ' '))], rows)}${whole}`;
}
