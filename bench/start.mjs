// Times what a user waits for: `fabula --help`, and `fabula tell` on five photos with everything to be loaded (model c,
// AlexNet), each in fresh processes. Prints one JSON line.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256File } from '../dist/core/files.js';
import { StoryNetwork } from '../dist/training/network.js';
import { headOf, saveCheckpoint } from '../dist/training/checkpoint.js';
import { openExtractor } from '../dist/features/extractor.js';
import { storyModelSchema } from '../dist/models/options.js';
import { openRuntime } from '../dist/runtime/jit.js';
import { loadAverage, median, minimum, options, report, round } from './lib/measure.mjs';
import { vocabularyOf } from './lib/stream.mjs';

const { photos: folder, cnn, hidden, repeats, threads } = options({ photos: '', cnn: 'random:1', hidden: 512, repeats: 7, threads: 2 });
const main = join(import.meta.dirname, '..', 'dist', 'cli', 'main.js');
const photos = readdirSync(folder, { recursive: true }).map(String).filter((file) => /\.jpe?g$/i.test(file)).sort().slice(0, 5).map((file) => join(folder, file));
if (photos.length < 5) throw new Error(`${folder}: five JPEG files are needed`);

const scratch = mkdtempSync(join(tmpdir(), 'fabula-bench-'));
try {
  const checkpoint = join(scratch, 'checkpoint');
  await writeCheckpoint(checkpoint);
  const tell = ['tell', ...photos, '--checkpoint', checkpoint, '--threads', String(threads), ...(cnn.startsWith('random:') ? [] : ['--cnn', cnn])];
  report({
    repeats, hidden, cnn: cnn.startsWith('random:') ? 'with weights drawn at the start' : `weights from a file, SHA-256 ${(await sha256File(cnn)).slice(0, 8)}`,
    help_s: seconds(['--help']), tell_s: seconds(tell), loadavg: loadAverage(),
  });
} finally {
  rmSync(scratch, { recursive: true });
}

function seconds(args) {
  const times = Array.from({ length: repeats }, () => {
    const begun = performance.now();
    execFileSync(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    return (performance.now() - begun) / 1000;
  });
  return { median: round(median(times), 3), min: round(minimum(times), 3), max: round(Math.max(...times), 3) };
}

/** Model c with random weights, for features of this CNN. */
async function writeCheckpoint(path) {
  const extractor = await openExtractor({ kind: 'alexnet', weights: cnn }, { device: 'cpu', threads, batch: 5 });
  const { info, fingerprint, size } = extractor;
  await extractor.dispose();
  const vocabulary = vocabularyOf(10004);
  const model = storyModelSchema.parse({ name: 'previous-sentence', photos: { units: hidden }, previous: { units: hidden } });
  const sizes = { features: size, vocabulary: vocabulary.size, steps: 22 };
  const runtime = await openRuntime({ threads });
  const network = new StoryNetwork(runtime, model, sizes, 2);
  network.initialise(1);
  const state = { step: 0, epoch: 0, batch: 0, epoch_loss: 0, epoch_words: 0, best_loss: null, best_epoch: null, history: [], seconds: 0 };
  await saveCheckpoint(path, headOf(model, sizes, { fingerprint, info }, vocabulary, 'adam'), vocabulary, network.arena, state);
  await runtime.dispose();
}
