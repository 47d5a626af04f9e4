import { UserError } from '../../core/errors.ts';
import { formatModelResults } from '../../tracking/modelresults.ts';
import { listRuns } from '../../tracking/runrecord.ts';
import { findRun } from './find.ts';
import { writeOutput } from '../options.ts';

export interface ExportArguments {
  runs: string[];
  output: string;
}

export async function exportCommand({ runs, output }: ExportArguments): Promise<void> {
  const records = (await listRuns(await Promise.all(runs.map(findRun)))).filter(({ kind }) => kind === 'train');
  if (records.length === 0) throw new UserError(`${runs.join(', ')}: no trainings there`);
  await writeOutput(output, formatModelResults(records));
  console.log(`${output}: ${records.length} ${records.length === 1 ? 'run' : 'runs'}`);
}
