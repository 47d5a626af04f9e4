import type { CommandModule } from 'yargs';

interface DemoArguments {
  output: string;
  seed: number;
  json: boolean;
}

/** The program of experiments/storybook, which ships with the package. */
interface StorybookExperiment {
  runDemo(options: { output: string; seed: number; json: boolean }): Promise<void>;
}

export const command: CommandModule<object, DemoArguments> = {
  command: 'demo',
  describe: 'Make Storybook, train three models on it, compare their stories',
  builder: (yargs) => yargs
    .options({
      output: { type: 'string', alias: 'o', default: 'runs/demo', describe: 'folder for dataset, models and stories; replaced' },
      seed: { type: 'number', default: 1, describe: 'of dataset and models' },
      json: { type: 'boolean', default: false, describe: 'print one JSON object as the last line' },
    })
    .example('$0 demo', 'about four minutes on two cores') as never,
  handler: async ({ output, seed, json }) => {
    const program = new URL('../../experiments/storybook/run.mjs', import.meta.url);
    const { runDemo } = (await import(program.href)) as StorybookExperiment;
    await runDemo({ output, seed, json });
  },
};
