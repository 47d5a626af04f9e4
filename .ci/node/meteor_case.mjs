// Writes cases for check_meteor.py: texts, and what our METEOR gives for each of them and for all together.
// Use: node .ci/node/meteor_case.mjs FOLDER METEOR_DATA [DIST]   (DIST: folder of the compiled project, dist/ by default)
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, data, dist = 'dist'] = process.argv.slice(2);
if (!data) throw new Error('use: meteor_case.mjs FOLDER METEOR_DATA [DIST]');
const load = (file) => import(pathToFileURL(resolve(dist, file)).href);
const { readMeteorData } = await load('text/meteordata.js');
const { Meteor } = await load('evaluation/meteor/meteor.js');
const { METEOR_TASKS } = await load('evaluation/meteor/tasks.js');
const { meteorTable, meteorId } = await load('evaluation/meteor/report.js');
const { STATISTICS } = await load('evaluation/meteor/statistics.js');
const { Random } = await load('core/random.js');

const WORDS = `the the the a a an of of to to and and in in on it it was was were is we we they i he she her his my our there this that with for at had have so very
  all day time great good fun family friends friend children kids child people man men woman women boy girl dog dogs house home city beach water food cake party
  wedding game picture pictures photo photos went go going gone came come took take taking saw see looked looking watch watched enjoyed enjoying love loved
  started began end finally last first many a-lot lot some more other new old big large little small beautiful happy sad walked walking ran running runs play
  played playing sat sitting ate eating made make making got get getting left ready before after then when while . . . , , ! ? 's n't don't can't it's mr. u.s. 4th
  1,000 well-known [male] [female] [location] <UNK> " ' ( ) - -- ...`.split(/\s+/);
const random = new Random('meteor cases');
const pick = (from, to) => Array.from({ length: from + random.int(to - from + 1) }, () => random.pick(WORDS));

/** References that share stretches and words with the hypothesis, in other places. */
function segment(references) {
  const words = pick(0, 45);
  const others = Array.from({ length: references }, () => {
    const from = random.int(words.length + 1);
    return [...pick(0, 10), ...words.slice(from, from + random.int(20)), ...pick(0, 20), ...words.slice(0, random.int(from + 1))].join(' ');
  });
  const raw = random.int(4) === 0 ? words.map((word, i) => (i % 5 === 0 ? word.toUpperCase() : word)).join(' ').replaceAll(' .', '.').replaceAll(' ,', ',') : words.join(' ');
  return { hypothesis: raw, references: others };
}

const language = await readMeteorData(data);
const cases = [];
function add(name, segments, options) {
  const meteor = new Meteor(language, options);
  const sums = new Float64Array(STATISTICS);
  const begun = performance.now();
  const scores = segments.map(({ hypothesis, references }) => {
    const statistics = meteor.statistics(hypothesis, references);
    statistics.forEach((value, i) => { sums[i] += value; });
    return meteor.report(statistics).score;
  });
  const task = METEOR_TASKS[options.task];
  const report = meteor.report(sums);
  cases.push({ name, options, segments, scores, system: report.score, table: meteorTable(report, task), id: meteorId(options, language), seconds: (performance.now() - begun) / 1000 });
}

for (const task of Object.keys(METEOR_TASKS)) add(`synthetic, ${task}`, Array.from({ length: 300 }, () => segment(2)), { task, normalisation: 'norm' });
for (const normalisation of ['none', 'lower', 'norm-nopunct']) add(`synthetic, ${normalisation}`, Array.from({ length: 300 }, () => segment(3)), { task: 'hter', normalisation });

const shared = resolve('..', 'shared', 'data');
const lines = (path) => readFileSync(path, 'utf8').replace(/\n$/, '').split('\n');
if (existsSync(shared)) {
  const references = lines(join(shared, 'metrics', 'references.story.valid.txt'));
  for (const run of ['run-a', 'run-b']) {
    const hypotheses = lines(join(shared, 'metrics', run, 'hypotheses.story.valid.txt'));
    add(`shared ${run}`, hypotheses.map((hypothesis, i) => ({ hypothesis, references: [references[i]] })), { task: 'hter', normalisation: 'norm' });
  }
  // Captions of one photo against each other: raw text, four references, the two published ways to call METEOR.
  const captions = JSON.parse(readFileSync(join(shared, 'coco', 'captions.json'), 'utf8')).map((photo) => photo.captions.map((caption) => caption.replaceAll(/\s+/g, ' '))).filter((list) => list.length >= 5);
  const segments = captions.map(([hypothesis, ...others]) => ({ hypothesis, references: others.slice(0, 4) }));
  add('shared COCO captions, rank', segments, { task: 'rank', normalisation: 'norm' });
  add('shared COCO captions, hter none', segments, { task: 'hter', normalisation: 'none' });
} else {
  console.log('../shared is not there: synthetic texts only');
}

mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'meteor.json'), JSON.stringify(cases));
