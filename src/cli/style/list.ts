import type { CommandModule } from 'yargs';
import { counted, STORYTELLER_FLAG } from './flags.ts';

interface ListArguments {
  storyteller: string;
  json: boolean;
}

export const command: CommandModule<object, ListArguments> = {
  command: 'list',
  describe: 'List the styles of a storyteller, and what they were made from',
  builder: (yargs) => yargs
    .options({ ...STORYTELLER_FLAG, json: { type: 'boolean', default: false, describe: 'print them as JSON' } })
    .example('$0 style list', 'the styles of storyteller/') as never,
  handler: async ({ storyteller, json }) => {
    const { findStyle, readStorytellerHead, styleNames } = await import('../../style/storytellerfolder.ts');
    const head = await readStorytellerHead(storyteller);
    const styles = await Promise.all((await styleNames(storyteller)).map(async (name) => (await findStyle(storyteller, name)).style));
    if (json) return console.log(JSON.stringify({ ...head, styles: styles.map(({ captionMean, passageMean, ...style }) => style) }));
    console.log(`${storyteller}: ${counted(head.captions.count, 'caption')} (${head.captions.sources.join(', ')}), ${head.encoder.name} (${head.encoder.size} numbers)`);
    for (const { name, passages, blend, decoder } of styles) {
      const from = blend ? blend.map(({ style, weight }) => `${weight.toFixed(2)} ${style}`).join(' + ') : `${counted(passages?.count ?? 0, 'passage')} of ${passages?.sources.join(', ')}`;
      console.log(`  ${name}: ${from}${decoder === null ? '' : ', decoder of its own'}`);
    }
    if (styles.length === 0) console.log('  no styles yet: fabula style build makes one');
  },
};
