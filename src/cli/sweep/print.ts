import { formatSeconds, progressBar } from '../../core/progress.ts';
import type { SweepFolder } from '../../sweep/folder.ts';
import type { SweepResults } from '../../sweep/results.ts';
import { readResults, writeResults } from '../../sweep/results.ts';
import type { SweepSpec } from '../../sweep/spec.ts';
import type { TrialState } from '../../sweep/state.ts';
import { formatLoss, formatResults } from '../../sweep/table.ts';
import type { Plan } from '../../sweep/trials.ts';
import { describeSettings } from '../../sweep/trials.ts';

/** What a sweep would do. */
export function printPlan({ settings }: SweepSpec, { trials, rungs }: Plan, json: boolean): void {
  if (json) return console.log(JSON.stringify({ search: settings.search, metric: settings.metric, rungs, trials }));
  for (const { id, settings: chosen } of trials) console.log(`${id}  ${describeSettings(chosen)}`);
  const threads = trials[0]!.config.runtime.threads;
  console.log(`${trials.length} trials, ${settings.search}, lowest ${settings.metric}, ${threads} ${threads === 1 ? 'thread' : 'threads'} each`);
  if (rungs.length > 0) console.log(`rungs: ${rungs.map(({ trials: n, epochs }) => `${n} to epoch ${epochs}`).join(', ')}`);
}

/** A line for every trial that has come to an end, and a bar on a terminal. */
export function trialPrinter(folder: SweepFolder, json: boolean): { onTrial(state: TrialState, epochs: number | undefined): void; finish(): void } {
  const { trials, head: { metric, rungs } } = folder;
  const total = rungs.length > 0 ? rungs.reduce((sum, rung) => sum + rung.trials, 0) : trials.length;
  const bar = progressBar('sweep', total);
  if (!json) console.log(`${folder.path}: ${trials.length} trials, ${folder.head.search}`);
  let ended = 0;
  return {
    onTrial({ id, status, reason, losses, run }, epochs) {
      ended++;
      if (!json) {
        bar.finish();
        const { settings } = trials.find((trial) => trial.id === id)!;
        const rung = epochs === undefined ? '' : `, epoch ${epochs}`;
        const outcome = status === 'done' ? `${metric} ${formatLoss(losses![metric])}` : `${status}${reason === undefined ? '' : `: ${reason}`}`;
        const time = status === 'done' && run?.result ? ` (${formatSeconds(run.result.seconds)})` : '';
        console.log(`trial ${id}${rung}  ${describeSettings(settings)}  ${outcome}${time}`);
      }
      bar.update(ended);
    },
    finish: () => bar.finish(),
  };
}

/** Writes the results into the folder and prints them. @param elsewhere what a cluster says of trials, by id */
export async function printResults(folder: SweepFolder, json: boolean, elsewhere?: ReadonlyMap<string, string>): Promise<SweepResults> {
  const results = await readResults(folder, elsewhere);
  await writeResults(folder, results);
  const { metric } = folder.head;
  if (json) {
    console.log(JSON.stringify({ folder: folder.path, metric, best: results.best ?? null, trials: results.rows }));
  } else {
    console.log(formatResults(folder, results));
    if (results.best !== undefined) console.log(`${folder.file('best.yaml')} trains it again; ${folder.file('table.csv')} has all figures`);
  }
  return results;
}
