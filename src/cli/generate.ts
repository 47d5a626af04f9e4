import type { CommandModule } from 'yargs';
import { UserError } from '../core/errors.ts';
import { writeFileAtomic } from '../core/files.ts';
import { progressBar } from '../core/progress.ts';
import { openFeatureFiles } from '../data/featureset.ts';
import { requireFeatures } from '../data/features.ts';
import { readStories, selectStories } from '../data/stories.ts';
import type { StorySet } from '../data/stories.ts';
import type { StoryOutput } from '../data/storyoutput.ts';
import { formatPlainText, writeStoryOutputs } from '../data/storyoutput.ts';
import { readVistStories } from '../data/vist.ts';
import { CHALLENGE_PHOTOS, checkAgainst, formatVistChallenge, readVistChallenge, sequenceName } from '../data/vistchallenge.ts';
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
  template: string | undefined;
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
      template: { type: 'string', describe: 'challenge: its template, which names the photo sequences to tell and their albums; instead of --annotations' },
      limit: { type: 'number', describe: 'only the first so many stories' },
      ...DECODING_FLAGS,
      ...RUNTIME_FLAGS,
    })
    .example('$0 generate data/vist/val.h5 -c runs/vist --features data/vist/fc7.h5 -o stories.jsonl', 'JSON lines, for fabula evaluate')
    .example('$0 generate data/vist/test.h5 -c runs/vist --features data/vist/fc7.h5 -o submission.json --format challenge --team us --template vist-challenge-template.json', 'a submission to the VIST challenge') as never,
  handler: async (args) => {
    const decoding = decodingOptions(args);
    checkChallenge(args);
    if (args.limit !== undefined) requireWhole('limit', args.limit, 1);
    const [{ Storyteller }, { tellSplit }] = await Promise.all([import('../telling/storyteller.ts'), import('../telling/split.ts')]);
    const stories = await readStories(args.stories);
    const albums = args.format === 'challenge' ? await albumsOf(stories, args) : undefined;
    const all = albums === undefined ? stories : onceEach(stories, albums);
    const features = await openFeatureFiles(args.features);
    try {
      requireFeatures(all, features);
      const storyteller = await Storyteller.open(args.checkpoint, runtimeOptions(args));
      const count = Math.min(args.limit ?? all.length, all.length);
      const bar = progressBar('telling', count);
      const told = await tellSplit(storyteller, all, features, decoding, { limit: count, onStory: (done) => bar.update(done) });
      bar.finish();
      await storyteller.dispose();
      await write(args, told.map((story) => withAlbum(story, albums)));
      console.log(`${args.output}: ${told.length} stories${leftOut(stories, albums)}`);
    } finally {
      features.close();
    }
  },
};

/** Photo sequences, by name, with their albums. */
type Albums = ReadonlyMap<string, string>;

function checkChallenge({ format, team, annotations, template, limit }: GenerateArguments): void {
  if (format !== 'challenge') {
    const [given] = Object.entries({ team, annotations, template }).find(([, value]) => value !== undefined) ?? [];
    if (given !== undefined) throw new UserError(`--${given} is for --format challenge; leave it out, or choose that format`);
  } else if (team === undefined || (annotations === undefined) === (template === undefined)) {
    throw new UserError('--format challenge needs --team, and for the albums either --template or --annotations');
  } else if (template !== undefined && limit !== undefined) {
    throw new UserError('--limit would leave out photo sequences that --template asks for; use one of the two');
  }
}

/** The sequences to tell for the challenge, checked before a model spends hours on them. */
async function albumsOf(stories: StorySet, { stories: path, annotations, template }: GenerateArguments): Promise<Albums> {
  const sequences = stories.imageIds.map((imageIds) => ({ imageIds }));
  if (stories.photos !== CHALLENGE_PHOTOS) throw new UserError(`${path}: its stories have ${stories.photos} photos, and the VIST challenge asks for ${CHALLENGE_PHOTOS}`);
  if (template !== undefined) {
    const asked = (await readVistChallenge(template)).stories;
    checkAgainst(sequences, asked, path);
    return new Map(asked.map((story) => [sequenceName(story), story.albumId]));
  }
  const albums = new Map((await readVistStories(annotations!)).map(({ albumId, sentences }) => [sentences.map(({ photoId }) => photoId).join(' '), albumId ?? '']));
  const homeless = sequences.findIndex((sequence) => (albums.get(sequenceName(sequence)) ?? '') === '');
  if (homeless >= 0) {
    throw new UserError(`${annotations}: no album id for story ${stories.ids[homeless]} of ${path}, and the VIST challenge asks for one; give the VIST JSON of the same split with its album ids, or --template`);
  }
  return albums;
}

/** One story a photo sequence, of those that have albums. */
function onceEach(stories: StorySet, albums: Albums): StorySet {
  const seen = new Set<string>();
  const places = stories.ids.flatMap((_, place) => {
    const name = sequenceName({ imageIds: stories.imageIds[place]! });
    if (seen.has(name) || !albums.has(name)) return [];
    seen.add(name);
    return [place];
  });
  return selectStories(stories, places);
}

/** For the printed line: sequences that a template did not ask for. */
function leftOut({ imageIds }: StorySet, albums: Albums | undefined): string {
  const names = new Set(imageIds.map((ids) => sequenceName({ imageIds: ids })));
  const unasked = albums === undefined ? 0 : [...names].filter((name) => !albums.has(name)).length;
  return unasked === 0 ? '' : `; photo sequences not in the template, not told: ${unasked}`;
}

function withAlbum(story: StoryOutput, albums: Albums | undefined): StoryOutput {
  const albumId = albums?.get(sequenceName(story));
  return albumId === undefined ? story : { ...story, albumId };
}

async function write(args: GenerateArguments, stories: readonly StoryOutput[]): Promise<void> {
  switch (args.format) {
    case 'jsonl':
      return writeStoryOutputs(args.output, stories);
    case 'challenge':
      return writeFileAtomic(args.output, formatVistChallenge(stories, { teamName: args.team!, evaluationInfo: {} }));
    default:
      return writeFileAtomic(args.output, formatPlainText(stories, args.format === 'stories' ? 'story' : 'sentence'));
  }
}
