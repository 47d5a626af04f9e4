// Telling stories with model c, greedy and with beams.
import { alternate, disturbance, ratios, spread } from './compare.mjs';
import { median, round } from './measure.mjs';
import { table } from './table.mjs';
import { makeBatches } from './work.mjs';

export async function decodeSection(settings) {
  const jobs = settings.hidden.map((hidden) => ({ model: 'c', hidden }));
  const made = await makeBatches(settings, jobs);
  const results = [];
  for (const job of jobs) {
    const given = { hidden: job.hidden, beams: settings.beams, stories: settings.stories, batches: made.batches, weights: made.weights(job) };
    const contenders = await settings.present(settings.contenders.decode(given));
    const figure = (lines) => lines.map(({ beam, stories_per_s: speed }) => `beam ${beam} ${speed} stories/s`).join(', ');
    const { runs, failures, others } = await alternate(contenders, { ...settings, label: `decode ${job.hidden}`, figure });
    if (!runs.fabula) throw new Error(`decoding at ${job.hidden}: Fabula's program failed: ${failures.fabula}`);
    settings.beams.split(',').forEach((beam, i) => results.push({ hidden: job.hidden, beam: Number(beam), ...describe(runs, i), others }));
  }
  const data = { sentences: made.source, results };
  return { data, print: () => printDecoding(data) };
}

function describe(runs, i) {
  const lines = (key) => runs[key].map((round_) => round_[i]);
  const speeds = (key) => lines(key).map((line) => line.stories_per_s);
  const one = (key) => ({ stories_per_s: round(median(speeds(key))), stories_per_s_best: Math.max(...lines(key).map((line) => line.stories_per_s_best)), peak_rss_mb: Math.max(...lines(key).map((line) => line.peak_rss_mb)) });
  if (!runs.torch) return { fabula: one('fabula') };
  return { fabula: one('fabula'), torch: one('torch'), ratio: ratios(speeds('fabula'), speeds('torch')), same_sentences: sameSentences(lines('fabula')[0].words, lines('torch')[0].words) };
}

/** Share of the last batch's sentences that are the same, word for word. */
function sameSentences(ours, theirs) {
  const flat = theirs.flat();
  return round(ours.flat().filter((words, i) => words.join() === flat[i].join()).length / flat.length, 3);
}

function printDecoding({ results }) {
  const header = ['hidden', 'beam', 'Fabula stories/s', 'PyTorch stories/s', 'Fabula / PyTorch (spread)', 'same sentences', 'peak MB, PyTorch\'s'];
  const rows = results.map(({ hidden, beam, fabula, torch, ratio, same_sentences: same }) => [
    hidden, beam, fabula.stories_per_s.toFixed(1), torch?.stories_per_s.toFixed(1) ?? '', ratio ? spread(ratio) : '',
    same === undefined ? '' : `${Math.round(100 * same)} %`, `${fabula.peak_rss_mb.toFixed(0)}${torch ? `, ${torch.peak_rss_mb.toFixed(0)}` : ''}`,
  ]);
  return `Model c, 64 stories at once, random weights; sentences end where real ones do.\n\n${table(header, rows)}\n\n${disturbance(results.map(({ others }) => others))}`;
}
