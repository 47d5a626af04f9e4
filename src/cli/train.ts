import type { CommandModule } from 'yargs';
import { BACKENDS, DEVICES } from '../runtime/choices.ts';
import type { TrainArguments } from './training.ts';

export const command: CommandModule<object, TrainArguments> = {
  command: 'train [config]',
  describe: 'Train a model: story, skip-thoughts, image-sentence, passages',
  builder: (yargs) => yargs
    .positional('config', { type: 'string', describe: 'configuration (.yaml); see --dry-run for every key with its default' })
    .options({
      set: { type: 'string', array: true, nargs: 1, default: [] as string[], describe: 'change a key: --set optimizer.learning_rate=0.001' },
      resume: { type: 'string', requiresArg: true, describe: 'continue the run in this folder exactly where its last checkpoint left it' },
      from: { type: 'string', requiresArg: true, describe: 'a new run with the configuration of the run in this folder; --set changes keys' },
      runs: { type: 'string', requiresArg: true, default: 'runs', describe: 'where the run folder is made' },
      'dry-run': { type: 'boolean', default: false, describe: 'print the resolved configuration and stop' },
      json: { type: 'boolean', default: false, describe: 'print the result as JSON' },
      plain: { type: 'boolean', default: false, describe: 'for logs: lines instead of a progress bar (with --json on standard error)' },
      every: { type: 'number', requiresArg: true, default: 30, describe: '--plain: seconds between two lines within an epoch' },
      backend: { choices: BACKENDS, describe: 'short for --set runtime.backend=...' },
      device: { choices: DEVICES, describe: 'short for --set runtime.device=...' },
      threads: { type: 'number', describe: 'short for --set runtime.threads=...' },
    })
    .example('$0 train vist.yaml --set model.name=attention', 'train the attention model of a configuration')
    .example('$0 train --resume runs/vist-2026-01-31T12-00-00', 'continue after a stop')
    .example('$0 train --from runs/vist-2026-01-31T12-00-00', 'repeat a run: the same numbers on the same machine and threads') as never,
  // What trains is loaded only now: --help need not wait for it.
  handler: async (args) => (await import('./training.ts')).runTraining(args),
};
