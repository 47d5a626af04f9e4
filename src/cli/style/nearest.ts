import type { CommandModule } from 'yargs';
import { UserError } from '../../core/errors.ts';
import type { RuntimeArguments } from '../options.ts';
import { requireWhole, RUNTIME_FLAGS, runtimeOptions } from '../options.ts';

interface NearestArguments extends RuntimeArguments {
  query: string[];
  encoder: string;
  in: string[];
  k: number;
  index: string | undefined;
  words: boolean;
  json: boolean;
}

export const command: CommandModule<object, NearestArguments> = {
  command: 'nearest <query..>',
  describe: 'Find the sentences, or words, that an encoder takes for nearest to yours',
  builder: (yargs) => yargs
    .positional('query', { type: 'string', array: true, demandOption: true, describe: 'sentences, in quotation marks; with --words words' })
    .options({
      encoder: { type: 'string', requiresArg: true, demandOption: true, describe: 'sentence encoder: runs of skip-thoughts joined by "+", an .onnx file, or word vectors' },
      in: { type: 'string', array: true, nargs: 1, default: [] as string[], describe: 'among these: a corpus, a text file of a sentence a line, or captions; repeat for several' },
      k: { type: 'number', requiresArg: true, default: 10, describe: 'neighbours of each' },
      index: { type: 'string', requiresArg: true, describe: 'folder that keeps the vectors: written the first time, then used in place of --in' },
      words: { type: 'boolean', default: false, describe: 'nearest words in the encoder\'s word table, its expansion included' },
      ...RUNTIME_FLAGS,
      json: { type: 'boolean', default: false, describe: 'print them as JSON' },
    })
    .example('$0 style nearest "he opened the door ." --encoder runs/uni --in corpora/romance', 'by cosine; the sentence itself is left out')
    .example('$0 style nearest dragon --words --encoder runs/uni', '') as never,
  handler: async (args) => {
    requireWhole('k', args.k, 1);
    const output = args.words ? await words(args) : await sentences(args);
    if (args.json) return console.log(JSON.stringify(output));
    for (const { query, neighbours } of output.results) console.log([query, ...neighbours.map(({ similarity, text }) => `  ${similarity.toFixed(4).padStart(7)}  ${text}`)].join('\n'));
  },
};

/** What `--json` prints. */
interface NearestOutput {
  readonly results: readonly { readonly query: string; readonly neighbours: readonly { readonly text: string; readonly similarity: number }[] }[];
}

async function words({ query, encoder, in: sources, index, k }: NearestArguments): Promise<NearestOutput & { words: number }> {
  if (sources.length > 0 || index !== undefined) throw new UserError(`--words looks in the encoder's own word table: leave out --${sources.length > 0 ? 'in' : 'index'}`);
  const [{ nearestEncoderWords }, { PhaseProgress }] = await Promise.all([import('../../style/nearest.ts'), import('../phases.ts')]);
  const bars = new PhaseProgress();
  const { words, results } = await nearestEncoderWords(encoder, query, k, (what, done, total) => bars.update(what, done, total)).finally(() => bars.finish());
  return { words, results: results.map(({ query, neighbours }) => ({ query, neighbours: neighbours.map(({ word, similarity }) => ({ text: word, similarity })) })) };
}

async function sentences({ query, encoder: path, in: sources, index, k, ...runtime }: NearestArguments): Promise<NearestOutput & { encoder: object; sentences: number }> {
  if (sources.length === 0 && index === undefined) throw new UserError('nothing to look among: give --in with a corpus, a text file or captions, or --index, or --words');
  const [{ nearestSentences }, { openSentenceEncoder }, { PhaseProgress }] = await Promise.all([
    import('../../style/nearest.ts'), import('../../style/encoders/open.ts'), import('../phases.ts')]);
  const encoder = await openSentenceEncoder(path, runtimeOptions(runtime));
  const bars = new PhaseProgress();
  try {
    const { name, fingerprint, size } = encoder;
    const found = await nearestSentences(encoder, { sources, queries: query, k, index, onProgress: (what, done, total) => bars.update(what, done, total) });
    return { encoder: { name, fingerprint, size }, ...found };
  } finally {
    bars.finish();
    await encoder.dispose();
  }
}
