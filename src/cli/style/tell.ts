import type { CommandModule } from 'yargs';
import { UserError } from '../../core/errors.ts';
import type { StyleTellingOptions } from '../../style/tellingoptions.ts';
import type { StyleStoryteller } from '../../style/storyteller.ts';
import type { RuntimeArguments } from '../options.ts';
import { requireWhole, RUNTIME_FLAGS, runtimeOptions } from '../options.ts';
import type { ModerationArguments, TellingArguments } from './flags.ts';
import { counted, MODERATION_FLAGS, STORYTELLER_FLAG, TELLING_FLAGS, tellingOptions } from './flags.ts';

interface TellArguments extends TellingArguments, ModerationArguments, RuntimeArguments {
  photos: string[];
  style: string[];
  storyteller: string;
  show: number;
  out: string | undefined;
  bad: 'fail' | 'skip';
  cnn: string | undefined;
  json: boolean;
}

export const command: CommandModule<object, TellArguments> = {
  command: 'tell <photos..>',
  describe: 'Tell a passage of a photo in a style, or of thousands into a file',
  builder: (yargs) => yargs
    .positional('photos', { type: 'string', array: true, demandOption: true, describe: 'photos, folders with their subfolders, .txt lists' })
    .options({
      style: { type: 'string', array: true, nargs: 1, demandOption: true, describe: 'name of a style; repeat for several; "none" shifts nothing' },
      ...STORYTELLER_FLAG,
      out: { type: 'string', alias: 'o', requiresArg: true, describe: 'write JSON lines (.jsonl) and go on where a stopped run was' },
      show: { type: 'number', requiresArg: true, default: 5, describe: 'captions shown, or noted with --out' },
      ...TELLING_FLAGS,
      ...MODERATION_FLAGS,
      bad: { choices: ['fail', 'skip'] as const, default: 'fail' as const, describe: 'what to do about a photo that cannot be read or told' },
      cnn: { type: 'string', requiresArg: true, describe: 'the CNN of the photos (default: the one kept with the storyteller)' },
      ...RUNTIME_FLAGS,
      json: { type: 'boolean', default: false, describe: 'print JSON lines' },
    })
    .example('$0 style tell photo.jpg --style romance', 'the captions found, then the passage')
    .example('$0 style tell photos/ --style romance --style scifi --out passages.jsonl', 'then: fabula style gallery passages.jsonl --out gallery') as never,
  handler: async (words) => {
    const args = { ...words, style: [...new Set(words.style)] };
    const settings = tellingOptions(args);
    requireWhole('show', args.show, 0);
    const [{ listPhotos }, { openModerators }, { StyleStoryteller }] = await Promise.all([
      import('../../features/photolist.ts'), import('../../style/moderation.ts'), import('../../style/storyteller.ts')]);
    const photos = await listPhotos(args.photos);
    const passages = await openModerators({ words: args.barWords, modules: args.moderator, commands: args.moderatorCommand });
    const captions = await openModerators({ words: args.barCaptions });
    const storyteller = await StyleStoryteller.open(args.storyteller, { passages, captions, cnn: args.cnn, runtime: runtimeOptions(args) });
    try {
      if (args.out !== undefined) await writeAll(storyteller, args, photos, settings, args.out);
      else await printAll(storyteller, args, photos, settings);
    } finally {
      await storyteller.dispose();
    }
  },
};

type Photos = Awaited<ReturnType<typeof import('../../features/photolist.ts').listPhotos>>;

async function printAll(storyteller: StyleStoryteller, { style: styles, show, json, bad }: TellArguments, photos: Photos, settings: StyleTellingOptions): Promise<void> {
  const { recordOf } = await import('../../style/passagerun.ts');
  const leaveOut = (reason: UserError): void => {
    if (bad === 'fail') throw reason;
    process.stderr.write(`fabula: left out: ${reason.message}\n`);
  };
  for (const photo of photos) {
    const vectors = await storyteller.photoVectors([photo.path]).catch((error: unknown) => {
      if (!(error instanceof UserError)) throw error;
      leaveOut(error);
    });
    if (!vectors) continue;
    for (const [i, style] of styles.entries()) {
      const [passage] = await storyteller.tell(vectors, [photo.path], style, settings);
      if (passage instanceof UserError) {
        leaveOut(passage);
        continue;
      }
      const record = recordOf(photo, style, passage!, show);
      if (json) console.log(JSON.stringify(record));
      else console.log(readable(record, passage!.captions.length, { first: i === 0, severalPhotos: photos.length > 1, severalStyles: styles.length > 1 }));
    }
  }
}

interface Shown {
  readonly image: string;
  readonly style: string;
  readonly captions: readonly { readonly text: string; readonly score: number | null }[];
  readonly passage: string | null;
}

interface Place {
  /** Of the photo's passages. */
  readonly first: boolean;
  readonly severalPhotos: boolean;
  readonly severalStyles: boolean;
}

/** @param all captions that went into the passage; those of the record are shown */
function readable({ image, style, captions, passage }: Shown, all: number, { first, severalPhotos, severalStyles }: Place): string {
  const found = captions.map(({ text, score }) => `  ${(score ?? 0).toFixed(3)}  ${text}`);
  return [
    ...(first && severalPhotos ? [image] : []),
    ...(first && found.length > 0 ? [`captions found${found.length < all ? ` (the ${found.length} nearest of ${all})` : ''}:`, ...found, ''] : []),
    ...(severalStyles ? [`${style}:`] : []),
    passage ?? 'no passage: none of those found is long enough and passes the moderators',
    '',
  ].join('\n');
}

async function writeAll(storyteller: StyleStoryteller, { style: styles, show, bad, json }: TellArguments, photos: Photos, settings: StyleTellingOptions, out: string): Promise<void> {
  const [{ runPassages }, { progressBar }] = await Promise.all([import('../../style/passagerun.ts'), import('../../core/progress.ts')]);
  const bar = progressBar('telling', photos.length * styles.length);
  const controller = new AbortController();
  const stop = (): void => {
    process.once('SIGINT', () => process.exit(130));
    controller.abort();
  };
  process.once('SIGINT', stop);
  try {
    const result = await runPassages(storyteller, {
      photos, styles, settings, out, bad, noted: show, signal: controller.signal,
      onProgress: (done) => bar.update(done),
      onSkip: (reason) => process.stderr.write(`fabula: left out: ${reason}\n`),
    });
    bar.finish();
    if (json) console.log(JSON.stringify({ out, ...result }));
    else console.log([`${out}: ${counted(result.told, 'passage')} told`, ...(result.before > 0 ? [`${result.before} there before`] : []), ...(result.without > 0 ? [`${result.without} that could not be told`] : [])].join(', '));
    if (result.interrupted) {
      process.stderr.write('fabula: interrupted; the same command goes on\n');
      process.exitCode = 130;
    }
  } finally {
    process.off('SIGINT', stop);
  }
}
