import type { CommandModule } from 'yargs';
import type { ExpandedModel } from '../../style/encoders/expandmodel.ts';
import { requireWhole } from '../options.ts';

interface ExpandArguments {
  run: string;
  vectors: string;
  ridge: number;
  limit: number | undefined;
  phrases: boolean;
  json: boolean;
}

export const command: CommandModule<object, ExpandArguments> = {
  command: 'expand <run>',
  describe: 'Expand the vocabulary of a skip-thoughts model by word vectors',
  builder: (yargs) => yargs
    .positional('run', { type: 'string', demandOption: true, describe: 'run or checkpoint of skip-thoughts; the expansion goes into its folder expansion' })
    .options({
      vectors: { type: 'string', requiresArg: true, demandOption: true, describe: 'word vectors: GloVe text, word2vec binary, or .f32 beside its word list' },
      ridge: { type: 'number', requiresArg: true, default: 0, describe: 'penalty on the map, for few shared words; 0 = ordinary least squares' },
      limit: { type: 'number', requiresArg: true, describe: 'read only the first so many word vectors' },
      phrases: { type: 'boolean', default: true, describe: 'read phrases (words with _) too, which are never added; --no-phrases saves their memory' },
      json: { type: 'boolean', default: false, describe: 'print the figures as JSON' },
    })
    .example('$0 style expand runs/uni-2026-01-31 --vectors glove.6B.300d.txt', 'words that the model has not read become known to it')
    .epilogue('The expanded model is another encoder: build styles, decoders and storytellers of it after this.') as never,
  handler: async ({ run, vectors, ridge, limit, phrases, json }) => {
    if (limit !== undefined) requireWhole('limit', limit, 1);
    const [{ expandModel }, { PhaseProgress }] = await Promise.all([import('../../style/encoders/expandmodel.ts'), import('../phases.ts')]);
    const bars = new PhaseProgress();
    const made = await expandModel(run, vectors, {
      ridge, limit, phrases,
      onMemory: (statement) => void process.stderr.write(`fabula: ${statement}\n`),
      onProgress: (what, done, total) => bars.update(what, done, total),
    }).finally(() => bars.finish());
    console.log(json ? JSON.stringify(made) : formatExpansion(made).join('\n'));
  },
};

const count = (n: number): string => n.toLocaleString('en');

function formatExpansion({ folder, own, added, shared, inputs, outputs, ridge, method, heldOut, replaced }: ExpandedModel): string[] {
  const fit = `${method === 'qr' ? 'orthogonal ' : ''}least squares${ridge > 0 ? `, ridge ${ridge}` : ''}`;
  return [
    `${folder}: ${count(added)} words gained beside the model's ${count(own)}`,
    `  fitted to ${count(shared)} shared words, ${inputs} to ${outputs} numbers (${fit})`,
    heldOut === undefined ? '  too few shared words to hold some out' : `  held-out R2 ${heldOut.r2.toFixed(3)} on ${count(heldOut.words)} of them${heldOut.r2 <= 0 ? ': the map is of no use; train the model longer' : ''}`,
    ...(replaced === null ? [] : [`  replaces an expansion by ${count(replaced.words)} words of ${replaced.inputs} numbers`]),
  ];
}
