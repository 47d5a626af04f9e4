// `fabula evaluate` beside the tools it replaces, whole processes: METEOR's jar, pycocoevalcap's scorers; its memory.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { alternate, disturbance, ratios, spread } from './compare.mjs';
import { median, round } from './measure.mjs';
import { meteorFolder } from './peers.mjs';
import { runProgram } from './programs.mjs';
import { makeTexts } from './storytexts.mjs';
import { table } from './table.mjs';

/** Stories of VIST's validation set; what the issue of scores names. */
const VIST = 4990;
const [STORIES, MANY, REFERENCES] = [5000, 50_000, 5];
/** Scores of both, in points, may be apart by this. */
const TOLERANCE = 1e-4;

export async function scoresSection(settings) {
  const meteor = await meteorFolder(settings);
  if (meteor === undefined) settings.say(`METEOR left out: ${settings.python} cannot import pycocoevalcap, which carries its jar and data: pip install pycocoevalcap, and name that Python with --python or FABULA_PYTHON`);
  const compared = [];
  if (meteor !== undefined) {
    const runs = vistRuns(settings);
    const texts = runs ?? makeTexts(settings, VIST, 1);
    compared.push({ what: 'METEOR', source: runs ? 'VIST run' : 'synthetic', ...(await compare(settings, 'meteor', { ...texts, meteor })) });
  }
  compared.push({ what: 'BLEU, ROUGE-L, CIDEr-D', source: 'synthetic', ...(await compare(settings, 'ngrams', makeTexts(settings, STORIES, REFERENCES))) });
  const data = { compared, memory: await measureMemory(settings, meteor) };
  return { data, print: () => printScores(data) };
}

/** A real run and its references, where they are. */
function vistRuns({ metrics }) {
  const [hypotheses, references] = [join(metrics, 'run-a', 'hypotheses.story.valid.txt'), join(metrics, 'references.story.valid.txt')];
  return existsSync(hypotheses) && existsSync(references) ? { hypotheses, references: [references], stories: VIST } : undefined;
}

async function compare(settings, what, texts) {
  const contenders = await settings.present(settings.contenders[what](texts));
  const { runs, failures, others } = await alternate(contenders, { ...settings, label: what, figure: ([{ process_s: s, process_cpu_s: cpu }]) => `${s.toFixed(2)} s, ${cpu?.toFixed(2)} s of the processor` });
  if (!runs.fabula) throw new Error(`${what}: fabula evaluate failed: ${failures.fabula}`);
  const seconds = (key, of) => runs[key].map(([line]) => line[of]);
  const results = contenders.filter(({ key }) => runs[key]).map(({ key, title }) => ({
    key, title, seconds: round(median(seconds(key, 'process_s'))), seconds_least: round(Math.min(...seconds(key, 'process_s'))),
    cpu_seconds: seconds(key, 'process_cpu_s').includes(null) ? null : round(median(seconds(key, 'process_cpu_s'))),
    ...(key !== 'fabula' && { times_as_fast: ratios(seconds(key, 'process_s'), seconds('fabula', 'process_s')), apart: apart(runs.fabula[0][0], runs[key][0][0], settings, title) }),
  }));
  return { stories: texts.stories, references: texts.references.length, results, failures, others };
}

/** The same work: the largest difference of the scores that both give. */
function apart(ours, theirs, { say }, title) {
  const columns = Object.keys(ours).filter((name) => name in theirs && !/^(peak|process)_/.test(name));
  const most = Math.max(...columns.map((name) => Math.abs(ours[name] - theirs[name])));
  if (!(most <= TOLERANCE)) say(`WARNING: the scores of ${title} are apart by ${most}: not the same work`);
  return most;
}

async function measureMemory(settings, meteor) {
  const rows = [];
  for (const [metrics, references, data] of [['BLEU, ROUGE-L, CIDEr-D', REFERENCES, undefined], ['METEOR', 1, meteor]]) {
    if (metrics === 'METEOR' && meteor === undefined) continue;
    for (const stories of [STORIES, MANY]) {
      const texts = makeTexts(settings, stories, references);
      settings.say(`memory: ${metrics} of ${stories} stories`);
      const { lines, error } = await runProgram(settings.contenders.scoreMemory({ ...texts, meteor: data }), settings.threads);
      if (error) throw new Error(`memory: fabula evaluate failed: ${error}`);
      rows.push({ metrics, stories, references, text_mb: round(texts.text_mb, 1), peak_rss_mb: lines[0].peak_rss_mb, seconds: round(lines[0].process_s) });
    }
  }
  return rows;
}

function printScores({ compared, memory }) {
  const rows = compared.flatMap(({ what, source, stories, references, results }) => results.map(({ title, seconds, seconds_least: least, cpu_seconds: cpu, times_as_fast: ratio, apart: by }) => [
    what, `${stories} x ${references}, ${source}`, title, seconds.toFixed(2), least.toFixed(2), cpu?.toFixed(2) ?? '', ratio ? spread(ratio) : '', by === undefined ? '' : by.toExponential(0),
  ]));
  const peaks = memory.map(({ metrics, stories, references, text_mb: text, peak_rss_mb: peak, seconds }) => [metrics, `${stories} x ${references}`, text.toFixed(1), peak.toFixed(0), seconds.toFixed(1)]);
  return [
    'Whole processes, from start to end. Ours gives intervals of 1,000 resamples and the texts\' own statistics besides.',
    table(['scores', 'stories x references', 'who', 's median', 's least', 'processor s', 'Fabula times as fast (spread)', 'scores apart'], rows),
    disturbance(compared.map(({ others }) => others)),
    'Peak resident memory of `fabula evaluate`:',
    table(['scores', 'stories x references', 'text, MB', 'peak, MB', 's'], peaks),
  ].join('\n\n');
}
