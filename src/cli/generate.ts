import type { CommandModule } from 'yargs';
import { UserError } from '../core/errors.ts';
import { writeFileAtomic } from '../core/files.ts';
import { progressBar } from '../core/progress.ts';
import { openFeatureFiles } from '../data/featureset.ts';
import { requireFeatures } from '../data/features.ts';
import { readStories } from '../data/stories.ts';
import type { StoryOutput } from '../data/storyoutput.ts';
import { formatPlainText, formatVistChallenge, writeStoryOutputs } from '../data/storyoutput.ts';
import { readVistStories } from '../data/vist.ts';
import type { DecodingArguments, RuntimeArguments } from './options.ts';
import { DECODING_FLAGS, decodingOptions, requireWhole, RUNTIME_FLAGS, runtimeOptions } from './options.ts';

const FORMATS = ['jsonl', 'stories', 'sentences', 'challenge'] as const;

interface GenerateArguments extends DecodingArguments, RuntimeArguments {
  stories: string;
  checkpoint: string;
  features: string[];
  output: string;
  format: (typeof FORMATS)[number];
  team: string | undefined;
  annotations: string | undefined;
  limit: number | undefined;
}

export const command: CommandModule<object, GenerateArguments> = {
  command: 'generate <stories>',
  describe: 'Tell the stories of a whole split',
  builder: (yargs) => yargs
    .positional('stories', { type: 'string', demandOption: true, describe: 'prepared stories (.h5): their photo sequences are told' })
    .options({
      checkpoint: { type: 'string', alias: 'c', demandOption: true, requiresArg: true, describe: 'run folder or checkpoint folder' },
      features: { type: 'string', array: true, nargs: 1, demandOption: true, describe: 'features of the photos (.h5); may be given more than once' },
      output: { type: 'string', alias: 'o', demandOption: true, requiresArg: true, describe: 'file to write' },
      format: { choices: FORMATS, default: 'jsonl' as const, describe: 'JSON lines, a story a line, a sentence a line, or the VIST challenge\'s JSON' },
      team: { type: 'string', describe: 'challenge: team name' },
      annotations: { type: 'string', describe: 'challenge: the VIST JSON of the split, which names the albums' },
      limit: { type: 'number', describe: 'only the first so many stories' },
      ...DECODING_FLAGS,
      ...RUNTIME_FLAGS,
    })
    .example('$0 generate data/vist/val.h5 -c runs/vist --features data/vist/fc7.h5 -o stories.jsonl', 'JSON lines, for fabula evaluate') as never,
  handler: async (args) => {
    const decoding = decodingOptions(args);
    if (args.format === 'challenge' && (args.team === undefined || args.annotations === undefined)) {
      throw new UserError('--format challenge needs --team and --annotations');
    }
    if (args.limit !== undefined) requireWhole('limit', args.limit, 1);
    const [{ Storyteller }, { tellSplit }] = await Promise.all([import('../telling/storyteller.ts'), import('../telling/split.ts')]);
    const all = await readStories(args.stories);
    const features = await openFeatureFiles(args.features);
    try {
      requireFeatures(all, features);
      const storyteller = await Storyteller.open(args.checkpoint, runtimeOptions(args));
      const count = Math.min(args.limit ?? all.length, all.length);
      const bar = progressBar('telling', count);
      const told = await tellSplit(storyteller, all, features, decoding, { limit: count, onStory: (done) => bar.update(done) });
      bar.finish();
      await storyteller.dispose();
      await write(args, told);
      console.log(`${args.output}: ${told.length} stories`);
    } finally {
      features.close();
    }
  },
};

async function write(args: GenerateArguments, stories: readonly StoryOutput[]): Promise<void> {
  switch (args.format) {
    case 'jsonl':
      return writeStoryOutputs(args.output, stories);
    case 'challenge':
      return writeFileAtomic(args.output, formatVistChallenge(await forChallenge(stories, args.annotations!), { teamName: args.team!, evaluationInfo: {} }));
    default:
      return writeFileAtomic(args.output, formatPlainText(stories, args.format === 'stories' ? 'story' : 'sentence'));
  }
}

/** One story a photo sequence, with its album. */
async function forChallenge(stories: readonly StoryOutput[], annotations: string): Promise<StoryOutput[]> {
  const albums = new Map((await readVistStories(annotations)).map((story) => [story.id, story.albumId]));
  const unique = new Map(stories.toReversed().map((story) => [story.imageIds.join(' '), story]));
  return [...unique.values()].reverse().map((story) => {
    const albumId = albums.get(story.id);
    return albumId ? { ...story, albumId } : story;
  });
}
