// Times telling five-sentence stories with model c (random weights); prints one JSON line a beam width with the peers'
// field names. Random weights never end a sentence sensibly: END comes where real sentences have it.
// Use: node bench/decode.mjs --hidden 512 --beams 1,3,10 --batches STEM --weights STEM
import { decodingSchema } from '../dist/decoding/options.js';
import { Teller } from '../dist/decoding/teller.js';
import { openRuntime } from '../dist/runtime/jit.js';
import { previousForm, StoryNetwork } from '../dist/training/network.js';
import { storyFlops } from './lib/flops.mjs';
import { loadAverage, median, minimum, options, peakMemory, report, round } from './lib/measure.mjs';
import { fillWeights, modelOptions } from './lib/models.mjs';
import { openStream } from './lib/stream.mjs';

const { hidden, beams, batches: stem, weights, batch, stories, warmup, threads } = options({
  hidden: 512, beams: '1,3,10', batches: 'bench/work/batches', weights: '', batch: 64, stories: 128, warmup: 1, threads: 2,
});
const PHOTOS = 5;

const begun = performance.now();
const stream = openStream(stem);
const settings = modelOptions('c', hidden);
const runtime = await openRuntime({ threads });
const network = new StoryNetwork(runtime, settings, stream.sizes, 0);
if (weights) fillWeights(network.arena.values, weights);
else network.initialise(1);
const teller = new Teller({ runtime, options: settings, sizes: stream.sizes, parameters: network.arena.values, previous: previousForm(settings) });
const setup = (performance.now() - begun) / 1000;

for (const beam of beams.split(',').map(Number)) report(await timeBeam(beam));
await runtime.dispose();

async function timeBeam(beam) {
  const seconds = [];
  let [tokens, rows, last] = [0, 0];
  for (let b = 0; b < warmup + Math.ceil(stories / batch); b++) {
    const numbers = Array.from({ length: batch }, (_, i) => (b * batch + i) % stream.stories.length);
    const photos = photosOf(numbers);
    const lengths = forcedLengths(numbers);
    const t0 = performance.now();
    last = await tell(photos, beam, lengths);
    const time = (performance.now() - t0) / 1000;
    checkLengths(last, lengths);
    if (b < warmup) continue;
    seconds.push(time);
    for (const { ids } of last.flatMap(({ sentences }) => sentences)) {
      tokens += ids.length + 1;
      // The first word needs one row, the others one a hypothesis; END comes without a step.
      rows += 1 + (ids.length - 1) * beam;
    }
  }
  return describe(beam, seconds, tokens, rows, last);
}

/** Words of each sentence, no more and no less: [stories * 5]. The peers' lengths count END. */
function forcedLengths(numbers) {
  return Int32Array.from(numbers.flatMap((story) => [...stream.lengths.subarray(story * PHOTOS, (story + 1) * PHOTOS)]), (length) => length - 1);
}

function tell(photos, beam, lengths) {
  const decoding = decodingSchema.parse({ strategy: beam === 1 ? 'greedy' : 'beam', beam, unknown: 'allow' });
  return teller.tell(photos, batch, decoding, { lengths });
}

/** The same work as the peer's, or no figure. */
function checkLengths(told, lengths) {
  const wrong = told.flatMap(({ sentences }) => sentences).findIndex(({ ids }, i) => ids.length !== lengths[i]);
  if (wrong >= 0) throw new Error(`sentence ${wrong} of the batch was to have ${lengths[wrong]} words`);
}

function photosOf(numbers) {
  const width = PHOTOS * stream.sizes.features;
  const photos = new Float32Array(numbers.length * width);
  numbers.forEach((story, i) => photos.set(stream.photos.subarray(story * width, (story + 1) * width), i * width));
  return photos;
}

function describe(beam, seconds, tokens, rows, last) {
  const told = seconds.length * batch;
  const [least, middle] = [minimum(seconds), median(seconds)];
  const gflop = storyFlops(hidden, rows / told, true) / 1e9;
  return {
    framework: 'fabula', version: `node ${process.versions.node}`, task: 'decode', model: 'c', hidden, beam,
    batch_stories: batch, threads, stories: told,
    stories_per_s: round(batch / middle), stories_per_s_best: round(batch / least),
    ms_per_story: round((middle / batch) * 1000, 3), ms_per_story_min: round((least / batch) * 1000, 3),
    tokens_per_s: round(tokens / seconds.reduce((a, b) => a + b), 1), mean_tokens_per_sentence: round(tokens / told / PHOTOS, 3),
    decoder_rows_per_story: round(rows / told, 1), gflop_per_story: round(gflop, 3), gflops_achieved_best: round((gflop * batch) / least, 1),
    opts: { stop: 'forced', end: 'free', weights: weights || 'own' }, setup_s: round(setup), peak_rss_mb: peakMemory(), loadavg: loadAverage(),
    words: last.map(({ sentences }) => sentences.map(({ ids }) => [...ids])),
  };
}
