import { stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { exists, readJson, systemReason, writeFileAtomic } from '../core/files.ts';
import { formatCsv } from '../io/csv.ts';
import type { ScoreTable } from '../report/scoretable.ts';
import { scoreRecords } from '../report/scoretabledata.ts';
import { scoreTableHtml } from '../report/scoretablehtml.ts';
import { formatScoreTable } from '../report/scoretabletext.ts';
import { PROTOCOLS } from '../evaluation/protocols.ts';
import type { DataRecord } from '../tracking/environment.ts';
import { fingerprintFile } from '../tracking/fingerprint.ts';
import { holdingRun } from '../tracking/lock.ts';
import { mirrorEvents } from '../tracking/mlflow/mirror.ts';
import { RunFolder } from '../tracking/runfolder.ts';
import { formatDetails, segmentsCsv } from './details.ts';
import type { Evaluation, EvaluationInputs } from './evaluate.ts';

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
  /** Contents of what the files held; `hypotheses`: of the texts as scored. */
  readonly inputs: EvaluationInputs & { readonly hypotheses: string };
  readonly [more: string]: unknown;
}

/** The record of system number `index`. */
export function systemRecord(evaluation: Evaluation, index: number): SystemRecord {
  const { protocol, references, inputs, segments, columns, comparison, meteor, frequencies, significance, systems } = evaluation;
  const { name, file, fingerprint, counts, bleuLine, diversity, repetition, novelty } = systems[index]!;
  const { confidence, resamples, seed } = significance;
  return {
    protocol, description: PROTOCOLS[protocol].description, system: name, hypotheses: file, references, segments: segments.length, columns,
    scores: Object.fromEntries(comparison.map(({ column, systems: all }) => {
      const { score, low, high } = all[index]!;
      return [column, { value: score, low, high }];
    })),
    meteor, frequencies, inputs: { ...inputs, hypotheses: fingerprint }, intervals: { confidence, resamples, seed }, counts, bleuLine, diversity, repetition, novelty,
  };
}

/** Where an evaluation was written, and what could not be. */
export interface RecordedEvaluation {
  readonly folder: string;
  /** A line for each training whose folder did not take its scores. */
  readonly notes: string[];
}

/**
 * Writes a run folder of an evaluation, `runs/NAME-TIME`, that is enough to repeat it: its options, its table (.txt, .csv, .html), the
 * scores of every system and of every text. Scores of stories that lie in the folder of a training go to that one's scores/ too. With
 * MLFLOW_TRACKING_URI set the evaluation goes to that server as well.
 * @param config what was asked for
 */
export async function recordEvaluation(runs: string, config: object, evaluations: readonly Evaluation[], table: ScoreTable): Promise<RecordedEvaluation> {
  const folder = await RunFolder.createEvaluation(runs, 'evaluate', config, { data: await dataRecords(config) });
  const notes: string[] = [];
  await holdingRun(folder.path, async () => {
    const { columns, rows } = scoreRecords(table);
    await writeFileAtomic(folder.file('table.csv'), formatCsv(columns, rows));
    await writeFileAtomic(folder.file('table.html'), scoreTableHtml(table));
    const details = evaluations.flatMap((evaluation) => evaluation.systems.map((system) => formatDetails(evaluation, system)));
    await writeFileAtomic(folder.file('table.txt'), `${[formatScoreTable(table), ...details].join('\n\n')}\n`);
    const written = new Set<string>();
    for (const evaluation of evaluations) notes.push(...(await recordSystems(folder, evaluation, written)));
  });
  await mirrorEvents(folder).close();
  return { folder: folder.path, notes };
}

/** Options that name files. */
const FILES = ['hypotheses', 'references', 'vocabulary', 'template', 'frequencies', 'training'] as const;

/** Contents of the files that were asked for, by `references.0` and the like. What can be read no more is left out. */
async function dataRecords(config: object): Promise<Record<string, DataRecord>> {
  const records: Record<string, DataRecord> = {};
  for (const option of FILES) {
    const value = (config as Readonly<Record<string, unknown>>)[option];
    for (const [i, path] of [value].flat().entries()) {
      const record = typeof path === 'string' ? await fingerprintFile(path).catch(() => undefined) : undefined;
      if (record !== undefined) records[Array.isArray(value) ? `${option}.${i}` : option] = record;
    }
  }
  return records;
}

/** @param written files of trainings that this evaluation wrote: none takes the place of another @returns what could not be written */
async function recordSystems(folder: RunFolder, evaluation: Evaluation, written: Set<string>): Promise<string[]> {
  const { protocol, systems } = evaluation;
  const notes: string[] = [];
  for (const [i, system] of systems.entries()) {
    const record = systemRecord(evaluation, i);
    // Names of systems may become one name of a file, so that one of them gets a number.
    const taken = basename(await folder.writeScores(`${system.name}.${protocol}`, record), '.json');
    await writeFileAtomic(folder.file(`${taken}.csv`), segmentsCsv(evaluation, system));
    const training = await trainingOf(system.file);
    if (training === undefined) continue;
    const stories = basename(system.file, extname(system.file));
    try {
      await replaceScores(new RunFolder(training), stories === 'stories' ? protocol : `${stories}.${protocol}`, record, written);
    } catch (error) {
      notes.push(`${training}: the scores of ${system.name} cannot be written here: ${systemReason(error)}; they are in ${folder.path} only`);
    }
  }
  return notes;
}

/** Scores of a file of that name, made again in the same way, take the place of the earlier ones; others get a number. */
async function replaceScores(folder: RunFolder, name: string, record: SystemRecord, written: Set<string>): Promise<void> {
  const file = await folder.writeScores(name, record, async (taken) => {
    if (written.has(folder.file(taken))) return false;
    const earlier = await readJson(folder.file(taken), 'scores').catch(() => undefined);
    return subjectOf(earlier as Partial<SystemRecord> | null | undefined) === subjectOf(record);
  });
  written.add(folder.file(file));
}

/** What the stories were called and measured with. Older scores do not say: they are kept. */
function subjectOf(record: Partial<SystemRecord> | null | undefined): string | undefined {
  const { protocol, hypotheses, inputs } = record ?? {};
  if (inputs === undefined || typeof hypotheses !== 'string') return undefined;
  return JSON.stringify([protocol, basename(hypotheses), inputs.references, inputs.frequencies, inputs.meteor]);
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
