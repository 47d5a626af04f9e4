import type { CommandModule } from 'yargs';
import type { RuntimeArguments } from '../options.ts';
import { RUNTIME_FLAGS, runtimeOptions } from '../options.ts';
import { counted } from './flags.ts';

interface AssembleArguments extends RuntimeArguments {
  storyteller: string;
  encoder: string;
  embedding: string;
  captions: string[];
  decoder: string | undefined;
  cnn: string | undefined;
  json: boolean;
}

export const command: CommandModule<object, AssembleArguments> = {
  command: 'assemble <storyteller>',
  describe: 'Put trained models and captions together as a storyteller',
  builder: (yargs) => yargs
    .positional('storyteller', { type: 'string', demandOption: true, describe: 'folder to write' })
    .options({
      encoder: { type: 'string', requiresArg: true, demandOption: true, describe: 'sentence encoder: runs of skip-thoughts joined by "+", an .onnx file, or word vectors' },
      embedding: { type: 'string', requiresArg: true, demandOption: true, describe: 'run of an image-sentence embedding' },
      captions: { type: 'string', array: true, requiresArg: true, demandOption: true, describe: 'captions to retrieve from; parallel files joined by "+"' },
      decoder: { type: 'string', requiresArg: true, describe: 'run of a passage decoder, for styles that have none of their own' },
      cnn: { type: 'string', requiresArg: true, describe: 'the CNN of the photos (default: the one kept with the embedding)' },
      ...RUNTIME_FLAGS,
      json: { type: 'boolean', default: false, describe: 'print what it is made of as JSON' },
    })
    .example('$0 style assemble storyteller --encoder runs/uni+runs/bi --embedding runs/joint --captions captions.json --decoder runs/novels', '') as never,
  handler: async ({ storyteller, encoder, embedding, captions, decoder, cnn, json, ...runtime }) => {
    const [{ assembleStoryteller }, { PhaseProgress }] = await Promise.all([import('../../style/storytellerfolder.ts'), import('../phases.ts')]);
    const bars = new PhaseProgress();
    const head = await assembleStoryteller(storyteller, {
      encoder, embedding, captions, decoder, cnn, runtime: runtimeOptions(runtime), onProgress: (what, done, total) => bars.update(what, done, total),
    });
    bars.finish();
    if (json) return console.log(JSON.stringify({ folder: storyteller, ...head }));
    console.log(`${storyteller}: ${counted(head.captions.count, 'caption')}, ${head.encoder.name} (${head.encoder.size} numbers)`);
  },
};
