// Writes cases for check_significance.py: seeded systems, their BLEU with intervals and p-values as we compute them, and
// which segments were drawn and swapped for that.
// Use: node .ci/node/significance_case.mjs FOLDER [DIST]   (DIST: folder of the compiled project, dist/ by default)
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, dist = 'dist'] = process.argv.slice(2);
if (!folder) throw new Error('use: significance_case.mjs FOLDER [DIST]');
const load = (file) => import(pathToFileURL(resolve(dist, file)).href);
const { bleu, BleuCounts } = await load('evaluation/bleu.js');
const { bootstrapScores, randomisedDifferences } = await load('evaluation/resampling.js');
const { compareSystems, pairP } = await load('evaluation/significance.js');
const { Random } = await load('core/random.js');

const RESAMPLES = 1000;
const TRIALS = 2000;
const WORDS = 'the a dog cat man woman went to beach park played ball with family friends we had great time and then . , !'.split(' ');
const random = new Random('significance cases');
const words = (from, to) => Array.from({ length: from + random.int(to - from) }, () => random.pick(WORDS));

/** BLEU as sacreBLEU computes it, `exp` smoothing, of text that is tokenized already. */
const BLEU = {
  columns: ['BLEU'],
  width: 10,
  score: (sums) => [bleu({ matches: [...sums.slice(0, 4)], totals: [...sums.slice(4, 8)], segments: 0, hypothesisWords: sums[8], referenceWords: sums[9] }, { smoothing: 'exp' }).bleu4],
};

function statistics(hypotheses, references) {
  return Float64Array.from(hypotheses.flatMap((hypothesis, i) => {
    const { matches, totals, hypothesisWords, referenceWords } = new BleuCounts().add(hypothesis.split(' '), [references[i].split(' ')]);
    return [...matches, ...totals, hypothesisWords, referenceWords];
  }));
}

/** Statistics that say which segment they are of: their sums are the draw itself. */
function draws(segments, seed) {
  const rows = Float64Array.from({ length: segments * segments }, (_, i) => (i % (segments + 1) === 0 ? 1 : 0));
  const seen = [];
  const spy = { columns: ['segments'], width: segments, score: (sums) => [seen.push([...sums])] };
  bootstrapScores(spy, rows, { resamples: RESAMPLES, seed });
  const resamples = seen.splice(0).map((counts) => counts.flatMap((count, i) => Array(count).fill(i)));
  randomisedDifferences(spy, rows, new Float64Array(rows.length), { trials: TRIALS, seed });
  // Of each trial the second system is scored first: it has what was swapped.
  return { resamples, swaps: seen.filter((_, i) => i % 2 === 0).map((moved) => moved.map(Number).join('')) };
}

/** Each word another one with this chance. */
const spoil = (text, chance) => text.split(' ').map((word) => (random.uniform() < chance ? random.pick(WORDS) : word)).join(' ');

const cases = [];
for (const [segments, ...chances] of [[200, 0.5, 0.5, 0.47, 0.4], [90, 0.3, 0.31, 0.36, 0.3], [33, 0.6, 0.55, 0.5, 0.6], [400, 0.5, 0.5, 0.485, 0.52]]) {
  const seed = random.int(1e6);
  const references = Array.from({ length: segments }, () => words(8, 40).join(' '));
  const systems = chances.map((chance) => references.map((text) => spoil(text, chance)));
  // The baseline again, and the baseline with one segment put right.
  systems.push(systems[0], systems[0].with(5, references[5]));
  const measured = systems.map((hypotheses) => statistics(hypotheses, references));
  const compare = (test) => compareSystems(BLEU, measured, { test, baseline: 0, resamples: RESAMPLES, trials: TRIALS, seed })[0];
  const [bs, ar] = [compare('paired-bs'), compare('paired-ar')];
  cases.push({
    references, systems, ...draws(segments, seed),
    ours: bs.systems.map((figures, i) => ({ ...figures, ...(i > 0 && { bs: pairP(bs.pairs, 0, i), ar: pairP(ar.pairs, 0, i) }) })),
  });
}

mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'significance.json'), JSON.stringify(cases));
