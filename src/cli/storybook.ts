import type { CommandModule } from 'yargs';
import { STYLE_NAMES } from '../data/storybook/styles.ts';
import { writeStorybook } from '../data/storybook/storybook.ts';
import { PhaseProgress } from './phases.ts';

interface StorybookArguments {
  output: string;
  seed: number;
  train: number;
  val: number;
  test: number;
  width: number;
  height: number;
  books: number | undefined;
  captions: number | undefined;
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
      books: { type: 'number', requiresArg: true, describe: `also books/STYLE.txt in the styles ${STYLE_NAMES.join(', ')}: passages in each` },
      captions: { type: 'number', requiresArg: true, describe: 'also captions.json in COCO\'s format: captions a photo' },
    })
    .example('$0 storybook data/storybook --seed 7', 'annotations in VIST\'s format, photos, and what they show')
    .example('$0 storybook data/storybook --books 2000 --captions 5', 'and what a style-shifting storyteller is trained on') as never,
  handler: async ({ output, seed, train, val, test, width, height, books, captions }) => {
    const extras = { ...(books !== undefined && { books }), ...(captions !== undefined && { captions }) };
    const phases = new PhaseProgress();
    const told = { photos: 'drawing', passages: 'writing books' };
    await writeStorybook(output, { seed, stories: { train, val, test }, width, height, ...extras }, (done, total, what) => phases.update(told[what], done, total));
    phases.finish();
    console.log(output);
  },
};
