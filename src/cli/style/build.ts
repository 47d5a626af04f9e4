import type { CommandModule } from 'yargs';
import { UserError } from '../../core/errors.ts';
import type { RuntimeArguments } from '../options.ts';
import { RUNTIME_FLAGS, runtimeOptions } from '../options.ts';
import { counted, STORYTELLER_FLAG } from './flags.ts';

interface BuildArguments extends RuntimeArguments {
  name: string;
  storyteller: string;
  passages: string[];
  captions: string[];
  decoder: string | undefined;
  longerThan: number;
  minWords: number;
  maxWords: number;
  json: boolean;
}

export const command: CommandModule<object, BuildArguments> = {
  command: 'build <name>',
  describe: 'Build a style of a storyteller from passages',
  builder: (yargs) => yargs
    .positional('name', { type: 'string', demandOption: true, describe: 'what the style is called' })
    .options({
      passages: { type: 'string', array: true, requiresArg: true, demandOption: true, describe: 'corpora made by fabula style books, or text files of a passage a line' },
      captions: { type: 'string', array: true, requiresArg: true, default: [] as string[], describe: 'captions whose mean is taken off (default: those of the storyteller)' },
      decoder: { type: 'string', requiresArg: true, describe: 'run of a passage decoder of this style alone (default: the storyteller\'s)' },
      'longer-than': { type: 'number', requiresArg: true, default: 100, describe: 'only passages of more characters count; 0 for lyrics' },
      'min-words': { type: 'number', requiresArg: true, default: 0, describe: 'only passages of at least so many words count' },
      'max-words': { type: 'number', requiresArg: true, default: 1000, describe: 'only passages of at most so many words count' },
      ...STORYTELLER_FLAG,
      ...RUNTIME_FLAGS,
      json: { type: 'boolean', default: false, describe: 'print what it was made from as JSON' },
    })
    .example('$0 style build romance --passages corpora/romance', 'into storyteller/styles/romance') as never,
  handler: async ({ name, storyteller, passages, captions, decoder, longerThan, minWords, maxWords, json, ...runtime }) => {
    const [{ addStyle }, { checkConfig }, { lengthFilterSchema }, { PhaseProgress }] = await Promise.all([
      import('../../style/addstyle.ts'), import('../../core/config.ts'), import('../../style/buildstyle.ts'), import('../phases.ts')]);
    const filter = checkConfig(lengthFilterSchema, { longer_than: longerThan, min_words: minWords, max_words: maxWords }, 'the length filter');
    if (filter.min_words > filter.max_words) throw new UserError(`--min-words ${minWords}: more than --max-words ${maxWords}`);
    const bars = new PhaseProgress();
    const style = await addStyle(storyteller, { name, passages, captions, filter, decoder, runtime: runtimeOptions(runtime), onProgress: (what, done, total) => bars.update(what, done, total) });
    bars.finish();
    const { captionMean, passageMean, ...head } = style;
    if (json) return console.log(JSON.stringify(head));
    const { count, left_out } = head.passages!;
    console.log(`${name}: ${counted(count, 'passage')}${left_out > 0 ? ` (${left_out.toLocaleString('en')} left out by their length)` : ''}, ${counted(head.captions!.count, 'caption')}${decoder === undefined ? '' : ', with a decoder of its own'}`);
  },
};
