import { messageOf, UserError } from '../../core/errors.ts';
import { exists } from '../../core/files.ts';
import { progressBar } from '../../core/progress.ts';
import { MlflowError } from '../../tracking/mlflow/client.ts';
import type { Counts } from '../../tracking/mlflow/sender.ts';
import type { SyncedRun } from '../../tracking/mlflow/sync.ts';
import { findRunFolders, syncRun } from '../../tracking/mlflow/sync.ts';
import { drawCharts } from './charts.ts';
import { findRun } from './find.ts';

export interface SyncArguments {
  /** Run folders, sweep folders, or folders of these; none stands for `runs`. */
  runs: string[];
  json: boolean;
}

/** What became of a run. */
interface Outcome extends Partial<SyncedRun> {
  readonly folder: string;
  readonly error?: string;
}

/**
 * Sends what MLflow lacks of each run, a line a run. A run that cannot be sent does not keep the others back: the exit
 * code is 1 then. A server that cannot be reached ends it.
 */
export async function syncRuns({ runs, json }: SyncArguments): Promise<void> {
  const folders = runs.length > 0 ? await namedRuns(runs) : await knownRuns();
  const bar = progressBar('sending', folders.length);
  const outcomes: Outcome[] = [];
  for (const [i, folder] of folders.entries()) {
    const outcome = await syncOne(folder, (sent) => bar.update(i, countsText(sent)));
    bar.finish();
    outcomes.push(outcome);
    if (!json) console.log(outcomeLine(outcome));
  }
  if (json) console.log(JSON.stringify(outcomes));
  if (outcomes.some(({ error }) => error !== undefined)) process.exitCode = 1;
}

async function namedRuns(paths: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) found.push(...(await findRunFolders(await findRun(path))).map(({ folder }) => folder));
  return [...new Set(found)];
}

/** Without names only what was meant for MLflow when it was trained. */
async function knownRuns(): Promise<string[]> {
  if (!(await exists('runs'))) throw new UserError('runs: no such folder; name the runs to send, or the folder they are in');
  const found = await findRunFolders('runs');
  const known = found.filter((run) => run.known).map(({ folder }) => folder);
  const others = found.length - known.length;
  if (others > 0) process.stderr.write(`fabula: ${others === 1 ? 'a run in runs/ was never meant' : `${others} runs in runs/ were never meant`} for MLflow and ${others === 1 ? 'stays' : 'stay'} here; name ${others === 1 ? 'it' : 'them'} to send ${others === 1 ? 'it' : 'them'}: fabula runs sync runs\n`);
  return known;
}

async function syncOne(folder: string, progress: (sent: Counts) => void): Promise<Outcome> {
  const tell = (line: string): void => void process.stderr.write(`fabula: ${line}\n`);
  try {
    return await syncRun({ folder, tell, progress, draw: drawCharts });
  } catch (error) {
    // The next run would wait for the same server; without an address none can be sent.
    if (error instanceof MlflowError && ['UNREACHABLE', 'TIMEOUT', 'NOT_MLFLOW', 'REDIRECT', 'HTTP_401', 'HTTP_404'].includes(error.code)) throw error;
    if (error instanceof UserError && error.message.includes('MLFLOW_TRACKING_URI')) throw error;
    return { folder, error: messageOf(error) };
  }
}

function outcomeLine({ folder, run_id, sent, error }: Outcome): string {
  if (error !== undefined) return error.startsWith(folder) ? error : `${folder}: ${error}`;
  if (run_id === null) return `${folder}: still running: its own process sends it`;
  return `${folder}: ${sent === undefined ? 'nothing was missing' : countsText(sent)}`;
}

function countsText(sent: Counts): string {
  const names = { params: 'parameter', tags: 'tag', metrics: 'value', artifacts: 'file' } as const;
  const parts = Object.entries(names).flatMap(([key, name]) => {
    const count = sent[key as keyof Counts];
    return count === 0 ? [] : [`${count.toLocaleString('en')} ${name}${count === 1 ? '' : 's'}`];
  });
  return parts.length === 0 ? 'nothing was missing' : `sent ${parts.join(', ')}`;
}
