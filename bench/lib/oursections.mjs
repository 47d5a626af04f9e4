// Parts that only Fabula has: start, outside, profile. Each is one program that prints one JSON line.
import { join } from 'node:path';
import { runProgram } from './programs.mjs';
import { table } from './table.mjs';
import { makeAlexNet, makeBatches, makePhotos } from './work.mjs';

async function ours(program, { threads }, ...args) {
  const command = [join(import.meta.dirname, '..', program), '--threads', threads, ...args].map(String);
  const { lines, error } = await runProgram({ command: process.execPath, args: command }, threads);
  if (error) throw new Error(`bench/${program}: ${error}`);
  return lines;
}

export async function startSection(settings) {
  const weights = (await settings.has('numpy')) ? await makeAlexNet(settings) : 'random:1';
  const { folder } = await makePhotos(settings, settings.photos);
  const [data] = await ours('start.mjs', settings, '--photos', folder, '--cnn', weights);
  const rows = Object.entries({ 'fabula --help': data.help_s, 'fabula tell, five photos': data.tell_s })
    .map(([what, s]) => [what, s.median.toFixed(3), `${s.min.toFixed(3)}-${s.max.toFixed(3)}`]);
  const about = `Fresh processes, ${data.repeats} each. tell: model c at ${data.hidden}, AlexNet ${data.cnn}, everything loaded.`;
  return { data, print: () => `${about}\n\n${table(['command', 'seconds', 'spread'], rows)}` };
}

export async function outsideSection(settings) {
  const { batches } = await makeBatches(settings, []);
  const [data] = await ours('outside.mjs', settings, '--batches', batches, '--hidden', settings.hidden[0]);
  const percent = (share) => `${(100 * share).toFixed(1)} %`;
  const rows = Object.entries(data.ms_per_step).map(([what, ms]) => [what, ms.toFixed(2)]);
  return {
    data,
    print: () => `Model c at ${data.hidden}, an epoch of ${data.steps} steps: ${percent(data.outside_share)} outside the steps; ${percent(data.outside_share_of_vist)} in an epoch of VIST's length (${data.vist_steps} steps), where the checkpoint after each epoch and every ${data.checkpoint_seconds} s weighs less.\n\n${table(['part', 'ms a step'], rows)}\n\nA checkpoint takes ${data.checkpoint_s.toFixed(2)} s.`,
  };
}

export async function profileSection(settings) {
  const jobs = settings.hidden.flatMap((hidden) => settings.models.map((model) => ({ model, hidden })));
  const made = await makeBatches(settings, jobs);
  const data = [];
  for (const { model, hidden } of jobs) {
    data.push(...(await ours('profile.mjs', settings, '--model', model, '--hidden', hidden, '--batches', made.batches, '--weights', made.weights({ model, hidden }), '--steps', settings.steps)));
  }
  return { data, print: () => data.map(printProfile).join('\n\n') };
}

function printProfile({ model, hidden, ms, total_ms: total, nodes }) {
  const parts = Object.entries(ms).map(([part, value]) => [part, value.toFixed(1), `${Math.round((100 * value) / total)} %`]);
  const costly = nodes.map(({ node, op, phase, shape, ms_per_step: each, runs_per_step: runs }) => [node, op, phase, shape, runs, each.toFixed(2)]);
  return `Model ${model} at ${hidden}: ${total.toFixed(1)} ms a step.\n\n${table(['part', 'ms', 'share'], parts)}\n\n${table(['node', 'operator', 'phase', 'shape', 'runs a step', 'ms a step'], costly)}`;
}
