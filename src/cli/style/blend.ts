import type { CommandModule } from 'yargs';
import { UserError } from '../../core/errors.ts';
import { STORYTELLER_FLAG } from './flags.ts';

interface BlendArguments {
  name: string;
  parts: string[];
  storyteller: string;
  decoderOf: string | undefined;
}

export const command: CommandModule<object, BlendArguments> = {
  command: 'blend <name> <parts..>',
  describe: 'Mix styles of a storyteller, with weights',
  builder: (yargs) => yargs
    .positional('name', { type: 'string', demandOption: true, describe: 'what the new style is called' })
    .positional('parts', { type: 'string', array: true, demandOption: true, describe: 'STYLE=WEIGHT; weights are scaled to sum to 1, "none" stands for no style' })
    .options({
      'decoder-of': { type: 'string', requiresArg: true, describe: 'take the own decoder of this style (default: the storyteller\'s)' },
      ...STORYTELLER_FLAG,
    })
    .example('$0 style blend gothic romance=0.7 scifi=0.3', '') as never,
  handler: async ({ name, parts, storyteller, decoderOf }) => {
    const { addBlend } = await import('../../style/addstyle.ts');
    const { blend } = await addBlend(storyteller, name, parts.map(parsePart), decoderOf);
    console.log(`${name}: ${blend!.map(({ style, weight }) => `${style} ${weight.toFixed(3)}`).join(', ')}`);
  },
};

function parsePart(part: string): { style: string; weight: number } {
  const [, style, weight] = /^(.+?)=(.+)$/.exec(part) ?? [];
  if (style === undefined || !Number.isFinite(Number(weight))) throw new UserError(`${part}: write a part of a blend as STYLE=WEIGHT, for example romance=0.7`);
  return { style, weight: Number(weight) };
}
