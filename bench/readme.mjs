// Writes the table between the `bench` marks of the top-level README from results of `npm run bench -- ... --out FILE`.
// Use: node bench/readme.mjs FILE...     (kept together in bench/results.json)
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { table } from './lib/table.mjs';

const root = join(import.meta.dirname, '..');
const files = process.argv.slice(2).map((file) => JSON.parse(readFileSync(file, 'utf8')));
if (files.length === 0) throw new Error('name the files that npm run bench wrote');
const results = Object.assign({}, ...files, {
  train: { ...files.find((file) => file.train).train, results: files.flatMap((file) => file.train?.results ?? []) },
  decode: { ...files.find((file) => file.decode).decode, results: files.flatMap((file) => file.decode?.results ?? []) },
});
writeFileSync(join(root, 'bench', 'results.json'), `${JSON.stringify({ ...results, runs: files.map(({ machine, threads, rounds, steps, ...parts }) => ({ machine, threads, rounds, steps, parts: Object.keys(parts) })) }, null, 1)}\n`);

const ratio = ({ median, min, max }) => (min === max ? median.toFixed(2) : `${median.toFixed(2)} (${min.toFixed(2)}-${max.toFixed(2)})`);
const models = { a: 'encoder-decoder', b: 'attention', c: 'image sequence + previous sentence' };
const steps = results.train.results.map(({ model, hidden, peers }) => [
  `${models[model]}, ${hidden}`, `${Math.round(peers.fabula.ms_per_step.median)} ms`,
  ...['torch_fastest', 'torch_plain', 'keras', 'tfjs_node'].map((key) => (peers[key] ? ratio(peers[key].ratio) : '')),
  `${Math.round(peers.fabula.peak_rss_mb)}, ${Math.round(peers.torch_best.peak_rss_mb)}`,
]);
const told = results.decode.results.map((line) => [
  `${line.hidden}, ${line.beam === 1 ? 'greedy' : `beam ${line.beam}`}`, line.fabula.stories_per_s.toFixed(1), line.torch.stories_per_s.toFixed(1), ratio(line.ratio),
]);
const features = results.features.results.map(({ title, images_per_s: speed, ratio: to }) => [title, speed.toFixed(0), to ? ratio(to) : '']);
const { start, outside, memory, scores } = results;
const scored = (scores?.compared ?? []).flatMap(({ what, stories, references, results: all }) => all.filter(({ key }) => key !== 'fabula').map(({ title, seconds, times_as_fast: to }) => [
  `${what} of ${stories.toLocaleString('en')} stories, ${references === 1 ? 'one reference' : `${references} references`}`, `${all[0].seconds.toFixed(1)} s`, `${title}: ${seconds.toFixed(1)} s`, ratio(to),
]));
const full = memory.full_size;

const text = `${table(['training step', 'Fabula', 'PyTorch at its best', 'PyTorch as most write it', 'Keras as VIST-seq2seq', 'tfjs-node', 'peak MB, PyTorch\'s'], steps)}

${table(['telling', 'stories/s', 'PyTorch', 'times as fast'], told)}

${table(['AlexNet features from JPEG files', 'photos/s', 'times as fast'], features)}
${scored.length === 0 ? '' : `\n${table(['scoring, whole processes', 'fabula evaluate', 'the tool it replaces', 'times as fast'], scored)}\n`}
\`fabula --help\` takes ${start.help_s.median.toFixed(2)} s, \`fabula tell\` on five photos with everything to be loaded ${start.tell_s.median.toFixed(1)} s. Outside of the steps goes
${(100 * outside.outside_share_of_vist).toFixed(1)} % of an epoch of VIST's length (${(100 * outside.outside_share).toFixed(1)} % of one of 40 steps). A synthetic VIST of full size (${full.stories.toLocaleString('en')} stories,
${full.features_gb} GB of features) trains within ${(full.peak_mib / 1024).toFixed(2)} GiB of memory, its first step done after ${full.first_step_seconds.toFixed(1)} s.`;

const readme = join(root, 'README.md');
const before = readFileSync(readme, 'utf8');
const after = before.replace(/(<!-- bench -->\n)[\s\S]*?(<!-- \/bench -->)/, `$1${text}\n$2`);
if (after === before) console.log('README.md: nothing changed');
writeFileSync(readme, after);
