import type { CommandModule } from 'yargs';
import { formatCsv } from '../io/csv.ts';
import { compareRuns } from '../report/comparison.ts';
import { comparisonJson, comparisonRecords } from '../report/comparisondata.ts';
import { comparisonHtml } from '../report/comparisonhtml.ts';
import { formatComparison } from '../report/comparisontext.ts';
import { PUBLISHED_NAMES } from '../report/published.ts';
import { readPublished } from '../report/publishedfile.ts';
import { readRuns } from '../report/runreading.ts';
import { findRun } from './runs/find.ts';
import { terminalWidth, writeOutput } from './options.ts';

interface CompareArguments {
  runs: string[];
  published: string[];
  csv: string | undefined;
  html: string | undefined;
  json: boolean;
}

export const command: CommandModule<object, CompareArguments> = {
  command: 'compare <runs..>',
  describe: 'Put runs into one table: losses, speed, size, scores',
  builder: (yargs) => yargs
    .positional('runs', { type: 'string', array: true, demandOption: true, describe: 'run folders, or folders of them' })
    .options({
      published: { type: 'string', array: true, nargs: 1, default: [], describe: `put published figures beside them: ${PUBLISHED_NAMES.join(', ')}, or a CSV file as VIST-seq2seq's model_results.csv; repeat for several` },
      csv: { type: 'string', requiresArg: true, describe: 'write the table as CSV' },
      html: { type: 'string', requiresArg: true, describe: 'write the table as a page' },
      json: { type: 'boolean', default: false, describe: 'print everything as JSON' },
    })
    .example('$0 compare runs/a-* runs/b-*', 'what fabula train and fabula evaluate logged, side by side')
    .example('$0 compare runs --published vist-seq2seq --html table.html', 'all runs, and those that VIST-seq2seq logged') as never,
  handler: async ({ runs, published, csv, html, json }) => {
    const records = await readRuns(await Promise.all(runs.map(findRun)));
    const rows = (await Promise.all([...new Set(published)].map(readPublished))).flat();
    const comparison = compareRuns(records, rows);
    const table = comparisonRecords(comparison);
    if (csv !== undefined) await writeOutput(csv, formatCsv(table.columns, table.rows));
    if (html !== undefined) await writeOutput(html, comparisonHtml(comparison));
    console.log(json ? JSON.stringify(comparisonJson(comparison)) : formatComparison(comparison, terminalWidth()));
  },
};
