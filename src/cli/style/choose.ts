import type { CommandModule } from 'yargs';
import { UserError } from '../../core/errors.ts';
import { writeOutput } from '../options.ts';

interface ChooseArguments {
  choice: string;
  rejected: boolean;
  out: string | undefined;
  json: boolean;
}

export const command: CommandModule<object, ChooseArguments> = {
  command: 'choose <choice>',
  describe: 'Print the passages that were kept in a gallery, in their order',
  builder: (yargs) => yargs
    .positional('choice', { type: 'string', demandOption: true, describe: 'choice.jsonl as the gallery exports it' })
    .options({
      rejected: { type: 'boolean', default: false, describe: 'those that were rejected instead' },
      out: { type: 'string', alias: 'o', requiresArg: true, describe: 'write them to a file: JSON lines where it ends in .jsonl, else text' },
      json: { type: 'boolean', default: false, describe: 'print JSON lines, which fabula style gallery reads again' },
    })
    .example('$0 style choose choice.jsonl', 'the passages, with an empty line between')
    .example('$0 style choose choice.jsonl --out kept.jsonl', 'for another gallery') as never,
  handler: async ({ choice, rejected, out, json }) => {
    const { readPassages } = await import('../../style/passagefile.ts');
    const value = rejected ? 'rejected' : 'kept';
    const lines = await readPassages(choice);
    if (lines.every(({ record }) => record.choice === undefined)) throw new UserError(`${choice}: no passage in it was kept or rejected: export the choice from the gallery, as JSON lines`);
    const chosen = lines.filter(({ record }) => record.choice === value);
    const text = json || out?.toLowerCase().endsWith('.jsonl')
      ? chosen.map(({ line }) => `${line}\n`).join('')
      : chosen.map(({ record }) => `${record.passage ?? ''}\n`).join('\n');
    if (out === undefined) return text === '' ? undefined : console.log(text.slice(0, -1));
    await writeOutput(out, text);
    console.log(`${out}: ${chosen.length} ${chosen.length === 1 ? 'passage' : 'passages'} ${value}`);
  },
};
