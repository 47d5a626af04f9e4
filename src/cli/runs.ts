import type { CommandModule } from 'yargs';
import type { DeleteArguments } from './runs/delete.ts';
import type { ExportArguments } from './runs/export.ts';
import type { ListArguments } from './runs/list.ts';
import type { ShowArguments } from './runs/show.ts';
import type { SyncArguments } from './runs/sync.ts';

const RUNS = { type: 'string', array: true, demandOption: true, describe: 'run folders' } as const;

const list: CommandModule<object, ListArguments> = {
  command: '$0 [folders..]',
  describe: 'List runs (default: those in runs/)',
  builder: (yargs) => yargs
    .positional('folders', { type: 'string', array: true, default: [] as string[], describe: 'runs, or folders that hold runs' })
    .options({
      where: { type: 'string', requiresArg: true, describe: 'only runs for which this holds: keys of configuration, results and scores' },
      sort: { type: 'string', requiresArg: true, describe: 'by this key (default: by start)' },
      reverse: { type: 'boolean', default: false, describe: 'the greatest first' },
      published: { type: 'string', array: true, nargs: 1, default: [] as string[], describe: 'the rows of a CSV file as VIST-seq2seq\'s model_results.csv beside them; repeat for several' },
      json: { type: 'boolean', default: false, describe: 'print everything about them as JSON' },
      csv: { type: 'boolean', default: false, describe: 'print the table as CSV' },
    }) as never,
  handler: async (args) => (await import('./runs/list.ts')).listCommand(args),
};

const show: CommandModule<object, ShowArguments> = {
  command: 'show <run>',
  describe: 'Show everything about a run, and what is missing or cut',
  builder: (yargs) => yargs
    .positional('run', { type: 'string', demandOption: true, describe: 'run folder' })
    .option('json', { type: 'boolean', default: false, describe: 'print it as JSON' }) as never,
  handler: async (args) => (await import('./runs/show.ts')).showCommand(args),
};

const rescue: CommandModule<object, ShowArguments> = {
  command: 'rescue <run>',
  describe: 'Save what can be saved of a run with missing or cut files',
  builder: (yargs) => yargs
    .positional('run', { type: 'string', demandOption: true, describe: 'run folder' })
    .option('json', { type: 'boolean', default: false, describe: 'print what was done as JSON' }) as never,
  handler: async (args) => (await import('./runs/show.ts')).rescueCommand(args),
};

const remove: CommandModule<object, DeleteArguments> = {
  command: 'delete <runs..>',
  describe: 'Delete runs',
  builder: (yargs) => yargs
    .positional('runs', RUNS)
    .option('yes', { type: 'boolean', alias: 'y', default: false, describe: 'without asking' }) as never,
  handler: async (args) => (await import('./runs/delete.ts')).deleteCommand(args),
};

const exportResults: CommandModule<object, ExportArguments> = {
  command: 'export <runs..>',
  describe: 'Write runs as VIST-seq2seq\'s model_results.csv',
  builder: (yargs) => yargs
    .positional('runs', { ...RUNS, describe: 'runs, or folders that hold runs' })
    .option('output', { type: 'string', alias: 'o', requiresArg: true, default: 'model_results.csv', describe: 'file to write' }) as never,
  handler: async (args) => (await import('./runs/export.ts')).exportCommand(args),
};

const sync: CommandModule<object, SyncArguments> = {
  command: 'sync [runs..]',
  describe: 'Send to MLflow what it lacks of runs',
  builder: (yargs) => yargs
    .positional('runs', { type: 'string', array: true, default: [] as string[], describe: 'run folders; none given: those in runs/ that were sent before, at least in part' })
    .option('json', { type: 'boolean', default: false, describe: 'print what was sent as JSON' })
    .example('MLFLOW_TRACKING_URI=http://localhost:5000 $0 runs sync', 'after the server was away') as never,
  handler: async (args) => (await import('./runs/sync.ts')).syncRuns(args),
};

export const command: CommandModule = {
  command: 'runs',
  describe: 'List, show, delete and mend runs',
  builder: (yargs) => yargs
    .command(list).command(show).command(rescue).command(remove).command(exportResults).command(sync)
    .example('$0 runs', 'those in runs/')
    .example('$0 runs --where \'val_loss < 4 and model.name = attention\' --sort val_loss', 'the best of some')
    .example('$0 runs show runs/vist-2026-01-31T12-00-00', 'everything about one')
    .example('$0 runs --published published-runs.csv', 'VIST-seq2seq\'s own beside them')
    .epilogue('--where: = != < <= > >= and ~ (contains), and, or, not, brackets. Keys: those of the table, of the configuration (model.name), environment.threads, scores.PROTOCOL.METEOR, scores.FILE.METEOR where a run has several files of one protocol; `in backquotes` where they hold other characters.') as never,
  handler: () => undefined,
};
