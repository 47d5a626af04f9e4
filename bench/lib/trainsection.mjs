// Training steps: Fabula and every peer on the same batches, round after round.
import { alternate, disturbance, ratios, spread } from './compare.mjs';
import { median, round } from './measure.mjs';
import { table } from './table.mjs';
import { makeBatches } from './work.mjs';

/** Losses of the first four steps may differ by so much from PyTorch's. */
const LOSS_TOLERANCE = 1e-5;
const TITLE = 'PyTorch at its best, the faster of the two';

export async function trainSection(settings) {
  const jobs = settings.hidden.flatMap((hidden) => settings.models.map((model) => ({ model, hidden })));
  const made = await makeBatches(settings, jobs);
  const peak = await measurePeak(settings);
  const results = [];
  for (const job of jobs) results.push(await trainOne(settings, job, made, peak));
  const data = { sentences: made.source, sgemm_peak_gflops: peak, results };
  return { data, print: () => printTraining(data, settings) };
}

/** The greatest sgemm speed seen: by PyTorch, by ONNX Runtime, and the greater of the two, which is the yardstick. */
export async function measurePeak(settings) {
  const contenders = await settings.present(settings.contenders.peak());
  const { runs } = await alternate(contenders, { ...settings, label: 'sgemm peak', figure: ([{ gflops_best }]) => `${gflops_best} GFLOPS` });
  const best = Object.fromEntries(Object.entries(runs).map(([key, rounds]) => [key, Math.max(...rounds.map(([{ gflops_best }]) => gflops_best))]));
  return { ...best, best: Math.max(...Object.values(best)) };
}

async function trainOne(settings, { model, hidden }, made, peak) {
  const given = { model, hidden, steps: settings.steps, batches: made.batches, weights: made.weights({ model, hidden }) };
  const contenders = await settings.present(settings.contenders.train(given));
  const figure = ([{ ms_per_step }]) => `${ms_per_step.min} ms a step at least, ${ms_per_step.median} in the middle`;
  const { runs, failures, others } = await alternate(contenders, { ...settings, label: `${model} ${hidden}`, figure });
  if (!runs.fabula) throw new Error(`model ${model} at ${hidden}: Fabula's program failed: ${failures.fabula}`);
  const lines = Object.fromEntries(Object.entries(runs).map(([key, rounds]) => [key, rounds.map(([line]) => line)]));
  const ms = (key, of) => lines[key].map((line) => line.ms_per_step[of]);
  const peers = {};
  for (const { key, title } of contenders) {
    if (!lines[key]) continue;
    peers[key] = { title, ...summary(lines[key], peak), ...(key !== 'fabula' && compared(ms('fabula', 'median'), ms('fabula', 'min'), ms(key, 'median'), ms(key, 'min'))) };
  }
  if (lines.torch_best && lines.torch_best_compiled) {
    const faster = (of) => ms('torch_best', of).map((value, i) => Math.min(value, ms('torch_best_compiled', of)[i]));
    peers.torch_fastest = { title: TITLE, ...compared(ms('fabula', 'median'), ms('fabula', 'min'), faster('median'), faster('min')) };
  }
  return { model, hidden, peers, losses: checkLosses(lines, settings, `${model} ${hidden}`), failures, others };
}

function compared(ourMedians, ourMinima, theirMedians, theirMinima) {
  return { ratio: ratios(ourMedians, theirMedians), ratio_of_minima: round(Math.min(...ourMinima) / Math.min(...theirMinima), 3) };
}

function summary(lines, peak) {
  const ms = { min: Math.min(...lines.map((line) => line.ms_per_step.min)), median: round(median(lines.map((line) => line.ms_per_step.median))) };
  const gflop = lines[0].gflop_per_step;
  const useful = { at_min: round((gflop.useful / ms.min) * 1000, 1), at_median: round((gflop.useful / ms.median) * 1000, 1) };
  return {
    ms_per_step: ms, gflop_per_step: gflop, useful_gflops: useful,
    share_of_peak: { at_min: round(useful.at_min / peak.best, 3), at_median: round(useful.at_median / peak.best, 3) },
    real_tokens_per_s: median(lines.map((line) => line.real_tokens_per_s)), peak_rss_mb: Math.max(...lines.map((line) => line.peak_rss_mb)),
    params: lines[0].params, version: lines[0].version,
  };
}

/** The same work: everybody's first losses must be PyTorch's, or where it is not here those of another peer. */
function checkLosses(lines, { say }, label) {
  const reference = (lines.torch_best ?? lines.torch_plain ?? lines.keras ?? lines.tfjs_node)?.[0].losses.slice(0, 4);
  const apart = Object.fromEntries(Object.entries(lines).map(([key, [{ losses }]]) =>
    [key, reference ? Math.max(...reference.map((loss, i) => Math.abs(loss - losses[i]))) : null]));
  for (const [key, by] of Object.entries(apart)) if (by > LOSS_TOLERANCE) say(`${label}: WARNING: the first losses of ${key} are apart by ${by.toExponential(1)}: not the same work`);
  return { first_four: lines.fabula[0].losses.slice(0, 4), apart };
}

function printTraining({ sentences, sgemm_peak_gflops: peak, results }, { rounds, steps, threads }) {
  const peaks = Object.entries(peak).filter(([key]) => key !== 'best').map(([key, value]) => `${value} through ${key === 'fabula' ? 'ONNX Runtime' : 'PyTorch'}`);
  const about = `Sentences: ${sentences === 'VIST' ? 'real VIST' : 'synthetic, VIST\'s lengths, Zipf ids'}. ${threads} threads, ${rounds} rounds of ${steps} steps. sgemm peak, GFLOPS: ${peaks.join(', ')}.`;
  const header = ['model', 'who', 'ms min', 'ms median', 'Fabula / it (spread)', 'of minima', 'useful GFLOPS min / median', 'of peak', 'peak MB'];
  const rows = results.flatMap(({ model, hidden, peers }) => Object.entries(peers).map(([key, p]) => [
    `${model} ${hidden}`, p.title, p.ms_per_step?.min.toFixed(0) ?? '', p.ms_per_step?.median.toFixed(0) ?? '',
    key === 'fabula' ? '' : spread(p.ratio), key === 'fabula' ? '' : p.ratio_of_minima.toFixed(2),
    p.useful_gflops ? `${p.useful_gflops.at_min.toFixed(0)} / ${p.useful_gflops.at_median.toFixed(0)}` : '',
    p.share_of_peak ? `${Math.round(100 * p.share_of_peak.at_min)} %` : '', p.peak_rss_mb?.toFixed(0) ?? '',
  ]));
  const checked = results.map(({ model, hidden, losses }) => `${model} ${hidden}: ${losses.first_four.map((loss) => loss.toFixed(6)).join(' ')}`);
  return `${about}\n\n${table(header, rows)}\n\nFirst losses, the same for everybody unless a warning came: ${checked.join('; ')}. ${disturbance(results.map(({ others }) => others))}`;
}
