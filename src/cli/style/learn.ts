import type { CommandModule } from 'yargs';
import { UserError } from '../../core/errors.ts';
import type { RuntimeArguments } from '../options.ts';
import { RUNTIME_FLAGS, runtimeOptions } from '../options.ts';

interface LearnArguments extends RuntimeArguments {
  config: string;
  out: string;
  set: string[];
  dryRun: boolean;
  json: boolean;
}

export const command: CommandModule<object, LearnArguments> = {
  command: 'learn <config>',
  describe: 'Learn a whole storyteller from photos, captions and books',
  builder: (yargs) => yargs
    .positional('config', { type: 'string', demandOption: true, describe: 'configuration (.yaml); --dry-run shows every key with its default' })
    .options({
      out: { type: 'string', alias: 'o', requiresArg: true, default: 'learned', describe: 'folder of everything; what is done there already is not done again' },
      set: { type: 'string', array: true, nargs: 1, default: [] as string[], describe: 'change a key: --set decoder.own=true' },
      'dry-run': { type: 'boolean', default: false, describe: 'print the resolved configuration and stop' },
      ...RUNTIME_FLAGS,
      json: { type: 'boolean', default: false, describe: 'print what was made as JSON' },
    })
    .example('$0 style learn mine.yaml --out mine', 'then: fabula style tell photo.jpg --style romance -s mine/storyteller') as never,
  handler: async ({ config: file, out, set, dryRun, json, ...runtime }) => {
    const [{ formatConfig, loadConfig }, { learnSchema }] = await Promise.all([import('../../core/config.ts'), import('../../style/learnoptions.ts')]);
    const config = await loadConfig(learnSchema, file, set);
    if (dryRun) return console.log(formatConfig((await import('../../style/learnsettings.ts')).resolvedLearnConfig(config)).trimEnd());
    const [{ learnStoryteller }, { PhaseProgress }, { watch }] = await Promise.all([import('../../style/learn.ts'), import('../phases.ts'), import('../watching.ts')]);
    const print = json ? () => undefined : (line: string): void => console.log(line);
    const bars = new PhaseProgress();
    const controller = new AbortController();
    let training = false;
    // A training saves where it is; what else is done is short, or goes on from what it has written.
    const stop = (): void => {
      if (!training) process.exit(130);
      process.once('SIGINT', () => process.exit(130));
      controller.abort();
    };
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
    try {
      const learned = await learnStoryteller({
        config, out, runtime: runtimeOptions(runtime), signal: controller.signal,
        onStep: (step, before) => {
          training = false;
          bars.finish();
          print(`${step}${before ? ': done before' : ''}`);
        },
        onProgress: (what, done, total) => bars.update(what, done, total),
        onSkip: (reason) => process.stderr.write(`fabula: left out: ${reason}\n`),
        onTraining: (open) => {
          training = true;
          return watch(open, async (epoch) => (await open.task.samples?.(open.folder, epoch)) ?? [], { print, every: process.stderr.isTTY ? undefined : 60 });
        },
      });
      bars.finish();
      if (json) console.log(JSON.stringify(learned));
      else console.log(`${learned.storyteller}: styles ${learned.styles.join(', ')}; now: fabula style tell photo.jpg --style ${learned.styles[0]} --storyteller ${learned.storyteller}`);
    } catch (error) {
      if (!controller.signal.aborted || !(error instanceof UserError)) throw error;
      process.stderr.write(`fabula: ${error.message}\n`);
      process.exitCode = 130;
    } finally {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
    }
  },
};
