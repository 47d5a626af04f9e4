import type { CommandModule } from 'yargs';
import type { DecodingArguments, RuntimeArguments } from './options.ts';
import { DECODING_FLAGS, decodingOptions, RUNTIME_FLAGS, runtimeOptions } from './options.ts';

interface TellArguments extends DecodingArguments, RuntimeArguments {
  photos: string[];
  checkpoint: string;
  cnn: string | undefined;
  json: boolean;
}

export const command: CommandModule<object, TellArguments> = {
  command: 'tell <photos..>',
  describe: 'Tell a story of five photos',
  builder: (yargs) => yargs
    .positional('photos', { type: 'string', array: true, demandOption: true, describe: 'five photos, in the order of the story' })
    .options({
      checkpoint: { type: 'string', alias: 'c', demandOption: true, requiresArg: true, describe: 'run folder or checkpoint folder' },
      cnn: { type: 'string', requiresArg: true, describe: 'file of the CNN the model was trained with (default: the one kept in the run folder)' },
      ...DECODING_FLAGS,
      ...RUNTIME_FLAGS,
      json: { type: 'boolean', default: false, describe: 'print JSON with the sentences\' log-probabilities' },
    })
    .example('$0 tell a.jpg b.jpg c.jpg d.jpg e.jpg --checkpoint runs/vist', 'prints five sentences') as never,
  handler: async (args) => {
    const decoding = decodingOptions(args);
    const { Storyteller } = await import('../telling/storyteller.ts');
    const storyteller = await Storyteller.open(args.checkpoint, runtimeOptions(args));
    try {
      const story = await storyteller.tellPhotos(args.photos, decoding, args.cnn);
      if (args.json) console.log(JSON.stringify({ photos: args.photos, sentences: story.sentences, scores: story.scores }));
      else for (const sentence of story.sentences) console.log(sentence);
    } finally {
      await storyteller.dispose();
    }
  },
};
