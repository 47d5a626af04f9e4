import type { CommandModule } from 'yargs';
import { progressBar } from '../core/progress.ts';
import { writeStorybook } from '../data/storybook/storybook.ts';

interface StorybookArguments {
  output: string;
  seed: number;
  train: number;
  val: number;
  test: number;
  width: number;
  height: number;
}

export const command: CommandModule<object, StorybookArguments> = {
  command: 'storybook <output>',
  describe: 'Draw the built-in dataset: scenes and stories',
  builder: (yargs) => yargs
    .positional('output', { type: 'string', demandOption: true, describe: 'folder to write' })
    .options({
      seed: { type: 'number', default: 1, describe: 'equal seeds give equal stories and scenes' },
      train: { type: 'number', default: 1000, describe: 'stories for training' },
      val: { type: 'number', default: 150, describe: 'stories for validation' },
      test: { type: 'number', default: 150, describe: 'stories for testing' },
      width: { type: 'number', default: 256, describe: 'of a photo, in pixels' },
      height: { type: 'number', default: 192, describe: 'of a photo, in pixels' },
    })
    .example('$0 storybook data/storybook --seed 7', 'annotations in VIST\'s format, photos, and what they show') as never,
  handler: async ({ output, seed, train, val, test, width, height }) => {
    let bar: ReturnType<typeof progressBar> | undefined;
    await writeStorybook(output, { seed, stories: { train, val, test }, width, height }, (done, total) => {
      bar ??= progressBar('drawing', total);
      bar.update(done);
    });
    bar?.finish();
    console.log(output);
  },
};
