import type { CommandModule } from 'yargs';
import { UserError } from '../core/errors.ts';
import { PUBLISHED_NAMES } from '../report/published.ts';
import { findRun } from './runs/find.ts';
import { requireWhole, RUNTIME_FLAGS, runtimeOptions, writeOutput } from './options.ts';
import type { RuntimeArguments } from './options.ts';
import { PhaseProgress } from './phases.ts';

interface ReportArguments extends RuntimeArguments {
  runs: string[];
  output: string;
  title: string;
  photos: string[];
  references: string[];
  features: string[];
  stories: number;
  tell: boolean;
  published: string[];
  json: boolean;
}

export const command: CommandModule<object, ReportArguments> = {
  command: 'report <runs..>',
  describe: 'Write losses, scores and stories of runs as one page',
  builder: (yargs) => yargs
    .positional('runs', { type: 'string', array: true, demandOption: true, describe: 'run folders, or folders of them' })
    .options({
      output: { type: 'string', alias: 'o', demandOption: true, describe: 'HTML file to write; it needs no other and loads nothing' },
      title: { type: 'string', default: 'Report', requiresArg: true, describe: 'of the page' },
      photos: { type: 'string', array: true, nargs: 1, default: [], describe: 'folder with the photos, shown small; repeat for several' },
      references: { type: 'string', array: true, nargs: 1, default: [], describe: 'human stories: VIST .json, stories .h5 or .jsonl (default: the validation stories that the runs name)' },
      features: { type: 'string', array: true, nargs: 1, default: [], describe: 'features of the photos (default: those that the runs name)' },
      stories: { type: 'number', default: 12, describe: 'shown at most' },
      tell: { type: 'boolean', default: true, describe: 'let a run tell stories whose folder has none; --no-tell shows its last samples' },
      published: { type: 'string', array: true, nargs: 1, default: [], describe: `put published figures into the table: ${PUBLISHED_NAMES.join(', ')}, or a CSV file as VIST-seq2seq's model_results.csv` },
      json: { type: 'boolean', default: false, describe: 'print what is in the report as JSON' },
      ...RUNTIME_FLAGS,
    })
    .example('$0 report runs/a-* runs/b-* -o report.html --photos data/vist/photos', 'curves, scores and stories of several runs')
    .example('$0 report runs -o report.html --references data/vist/test.story-in-sequence.json --stories 30', 'all runs, with the human stories of the test split') as never,
  handler: async (args) => {
    requireWhole('stories', args.stories, 1);
    if (!/\.html?$/i.test(args.output)) throw new UserError(`--output ${args.output}: name a file that ends in .html`);
    const { makeReport } = await import('./report/make.ts');
    const progress = new PhaseProgress();
    const report = await makeReport({
      ...args, runs: await Promise.all(args.runs.map(findRun)), runtime: runtimeOptions(args),
      onProgress: (what, done, total) => progress.update(what, done, total),
    });
    progress.finish();
    await writeOutput(args.output, report.html);
    const { html, ...said } = report;
    const bytes = Buffer.byteLength(html);
    if (args.json) console.log(JSON.stringify({ output: args.output, bytes, ...said }));
    else console.log([...report.missing.map((line) => `not there: ${line}`), ...report.notes, `${args.output}: ${report.runs} runs, ${report.stories} stories, ${(bytes / 2 ** 20).toFixed(1)} MiB`].join('\n'));
  },
};
