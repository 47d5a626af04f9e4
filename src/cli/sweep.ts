import type { CommandModule } from 'yargs';
import { SLURM_FLAGS } from './slurm.ts';
import type { SweepArguments } from './sweep/run.ts';

export const command: CommandModule<object, SweepArguments> = {
  command: 'sweep [config]',
  describe: 'Train with many settings: grid, random or successive halving',
  builder: (yargs) => yargs
    .positional('config', { type: 'string', describe: 'sweep file (.yaml): what is searched, over which keys of a training configuration' })
    .options({
      set: { type: 'string', array: true, nargs: 1, default: [] as string[], describe: 'change a key of the sweep file: --set trials=20, --set config.training.epochs=2' },
      parallel: { type: 'number', requiresArg: true, describe: 'trials at once (1; with --slurm as many as Slurm allows); the cores are shared out' },
      resume: { type: 'string', requiresArg: true, describe: 'go on with the sweep in this folder' },
      retry: { type: 'boolean', default: false, describe: '--resume: try failed trials again' },
      gather: { type: 'string', requiresArg: true, describe: 'collect what the trials of the sweep in this folder have reached, also on a cluster' },
      runs: { type: 'string', requiresArg: true, describe: 'where the folder of a new sweep is made (runs)' },
      slurm: { type: 'boolean', default: false, describe: 'as Slurm job arrays, one trial a task' },
      ...SLURM_FLAGS,
      task: { type: 'number', requiresArg: true, hidden: true, describe: '--resume: only what this task of a job array has to do, counted from 1' },
      rung: { type: 'number', requiresArg: true, hidden: true, describe: '--task: the rung of halving it belongs to, from 1' },
      'dry-run': { type: 'boolean', default: false, describe: 'print the trials and stop' },
      json: { type: 'boolean', default: false, describe: 'print the result as JSON' },
    })
    .example('$0 sweep sweep.yaml --parallel 2', 'two trials at once, half of the cores each')
    .example('$0 sweep sweep.yaml --slurm --slurm-options "partition=gpu; time=12:00:00"', 'on a cluster; --gather DIR collects')
    .epilogue('docs/sweeps.md shows sweep files.') as never,
  handler: async (args) => (await import('./sweep/run.ts')).runSweepCommand(args),
};
