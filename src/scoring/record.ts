import { stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { exists, readJson, writeFileAtomic } from '../core/files.ts';
import { formatCsv } from '../io/csv.ts';
import type { ScoreTable } from '../report/scoretable.ts';
import { scoreRecords } from '../report/scoretabledata.ts';
import { scoreTableHtml } from '../report/scoretablehtml.ts';
import { formatScoreTable } from '../report/scoretabletext.ts';
import { PROTOCOLS } from '../evaluation/protocols.ts';
import { holdingRun } from '../tracking/lock.ts';
import { mirrorEvents } from '../tracking/mlflow/mirror.ts';
import { RunFolder } from '../tracking/runfolder.ts';
import { formatDetails, segmentsCsv } from './details.ts';
import type { Evaluation } from './evaluate.ts';

/** Scores of one system as a file of scores/: everything that must be equal for them to be compared, and the scores. */
export interface SystemRecord {
  readonly protocol: string;
  readonly description: string;
  readonly system: string;
  readonly hypotheses: string;
  readonly references: readonly string[];
  readonly segments: number;
  readonly columns: readonly string[];
  readonly scores: Readonly<Record<string, { readonly value: number; readonly low: number; readonly high: number }>>;
  readonly meteor: Evaluation['meteor'];
  readonly frequencies: string | null;
  readonly [more: string]: unknown;
}

/** The record of system number `index`. */
export function systemRecord(evaluation: Evaluation, index: number): SystemRecord {
  const { protocol, references, segments, columns, comparison, meteor, frequencies, significance, systems } = evaluation;
  const { name, file, counts, bleuLine, diversity, repetition, novelty } = systems[index]!;
  const { confidence, resamples, seed } = significance;
  return {
    protocol, description: PROTOCOLS[protocol].description, system: name, hypotheses: file, references, segments: segments.length, columns,
    scores: Object.fromEntries(comparison.map(({ column, systems: all }) => {
      const { score, low, high } = all[index]!;
      return [column, { value: score, low, high }];
    })),
    meteor, frequencies, intervals: { confidence, resamples, seed }, counts, bleuLine, diversity, repetition, novelty,
  };
}

/**
 * Writes a run folder of an evaluation, `runs/NAME-TIME`, that is enough to repeat it: its options, its table (.txt, .csv, .html), the
 * scores of every system and of every text. Scores of stories that lie in the folder of a training go to that one's scores/ too.
 * @param config what was asked for
 * With MLFLOW_TRACKING_URI set it goes to that server too.
 * @returns the folder
 */
export async function recordEvaluation(runs: string, config: object, evaluations: readonly Evaluation[], table: ScoreTable): Promise<string> {
  const folder = await RunFolder.createEvaluation(runs, 'evaluate', config);
  await holdingRun(folder.path, async () => {
    const { columns, rows } = scoreRecords(table);
    await writeFileAtomic(folder.file('table.csv'), formatCsv(columns, rows));
    await writeFileAtomic(folder.file('table.html'), scoreTableHtml(table));
    const details = evaluations.flatMap((evaluation) => evaluation.systems.map((system) => formatDetails(evaluation, system)));
    await writeFileAtomic(folder.file('table.txt'), `${[formatScoreTable(table), ...details].join('\n\n')}\n`);
    for (const evaluation of evaluations) await recordSystems(folder, evaluation);
  });
  await mirrorEvents(folder).close();
  return folder.path;
}

async function recordSystems(folder: RunFolder, evaluation: Evaluation): Promise<void> {
  const { protocol, systems } = evaluation;
  for (const [i, system] of systems.entries()) {
    const record = systemRecord(evaluation, i);
    const name = `${fileName(system.name)}.${protocol}`;
    await writeScores(folder, name, record);
    await writeFileAtomic(folder.file(`${name}.csv`), segmentsCsv(evaluation, system));
    const training = await trainingOf(system.file);
    if (training === undefined) continue;
    const stories = basename(system.file, extname(system.file));
    await writeScores(new RunFolder(training), stories === 'stories' ? protocol : `${fileName(stories)}.${protocol}`, record);
  }
}

/** Scores of the same texts against the same references, made again, take the place of the earlier ones; others get a number. */
async function writeScores(folder: RunFolder, name: string, record: SystemRecord): Promise<void> {
  const file = join('scores', `${name}.json`);
  const earlier = (await exists(folder.file(file))) ? await readJson(folder.file(file), 'scores').catch(() => undefined) : undefined;
  if (earlier !== undefined && subjectOf(earlier as SystemRecord) === subjectOf(record)) await folder.writeJson(file, record);
  else await folder.writeScores(name, record);
}

function subjectOf({ hypotheses, references, segments, meteor, frequencies }: SystemRecord): string {
  return JSON.stringify([hypotheses, references, segments, meteor, frequencies]);
}

/** The run folder that a file lies in. */
async function trainingOf(file: string): Promise<string | undefined> {
  let folder = dirname(resolve(file));
  for (let depth = 0; depth < 2; depth++) {
    const isRun = (await exists(join(folder, 'config.json'))) && (await stat(join(folder, 'checkpoints')).then((found) => found.isDirectory(), () => false));
    if (isRun) return folder;
    folder = dirname(folder);
  }
  return undefined;
}

function fileName(name: string): string {
  return name.replace(/[^\p{L}\p{N}._-]+/gu, '_');
}
