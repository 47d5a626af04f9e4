import type { CommandModule } from 'yargs';
import { checkConfig } from '../../core/config.ts';
import { progressBar } from '../../core/progress.ts';
import type { CorpusOptions, CorpusReport } from '../../data/books/corpusreport.ts';
import { corpusSchema } from '../../data/books/corpusreport.ts';
import { LAYOUTS } from '../../data/books/layout.ts';
import { VERSE_UNITS } from '../../data/books/passages.ts';
import { LANGUAGES } from '../../text/language.ts';

interface BooksArguments {
  sources: string[];
  out: string;
  language: CorpusOptions['language'];
  keep: CorpusOptions['keep'];
  layout: CorpusOptions['layout'];
  verse: CorpusOptions['verse'];
  dropLines: number;
  longerThan: number;
  minWords: number;
  maxWords: number;
  join: boolean;
  sentenceWords: number;
  doubleQuotes: boolean;
  wordList: string | undefined;
  minKnown: number;
  json: boolean;
}

const DEFAULTS = corpusSchema.parse({});

/** What the schema says of each setting. */
const about = (key: keyof CorpusOptions): string => corpusSchema.shape[key].description ?? '';

export const command: CommandModule<object, BooksArguments> = {
  command: 'books <sources..>',
  describe: 'Turn books into the sentences and passages of a corpus',
  builder: (yargs) => yargs
    .positional('sources', { type: 'string', array: true, demandOption: true, describe: 'text files, and folders with .txt and .txt.gz files; Gutenberg headers and licences are cut' })
    .options({
      out: { type: 'string', requiresArg: true, demandOption: true, describe: 'folder of the corpus' },
      language: { choices: [...LANGUAGES, 'any'] as const, default: DEFAULTS.language, describe: about('language') },
      keep: { choices: ['all', 'prose', 'verse'] as const, default: DEFAULTS.keep, describe: about('keep') },
      layout: { choices: LAYOUTS, default: DEFAULTS.layout, describe: about('layout') },
      verse: { choices: VERSE_UNITS, default: DEFAULTS.verse, describe: about('verse') },
      'drop-lines': { type: 'number', requiresArg: true, default: DEFAULTS.drop_lines, describe: about('drop_lines') },
      'longer-than': { type: 'number', requiresArg: true, default: DEFAULTS.longer_than, describe: about('longer_than') },
      'min-words': { type: 'number', requiresArg: true, default: DEFAULTS.min_words, describe: about('min_words') },
      'max-words': { type: 'number', requiresArg: true, default: DEFAULTS.max_words, describe: about('max_words') },
      join: { type: 'boolean', default: DEFAULTS.join, describe: about('join') },
      'sentence-words': { type: 'number', requiresArg: true, default: DEFAULTS.sentence_words, describe: about('sentence_words') },
      'double-quotes': { type: 'boolean', default: DEFAULTS.double_quotes, describe: about('double_quotes') },
      'word-list': { type: 'string', requiresArg: true, describe: 'text, a known word a line: paragraphs with too few of them are left out' },
      'min-known': { type: 'number', requiresArg: true, default: DEFAULTS.min_known, describe: about('min_known') },
      json: { type: 'boolean', default: false, describe: 'print corpus.json' },
    })
    .example('$0 style books novels/ --out corpora/romance', 'passages longer than 100 characters, sentences under 30 words')
    .example('$0 style books songs.txt --out corpora/songs --keep verse --verse line', 'each line of a song is a passage') as never,
  handler: async (args) => {
    const options = checkConfig(corpusSchema, {
      language: args.language, keep: args.keep, layout: args.layout, verse: args.verse, drop_lines: args.dropLines, longer_than: args.longerThan,
      min_words: args.minWords, max_words: args.maxWords, join: args.join, sentence_words: args.sentenceWords, double_quotes: args.doubleQuotes, min_known: args.minKnown,
    }, 'the options');
    const { writeCorpus } = await import('../../data/books/corpus.ts');
    let bar: ReturnType<typeof progressBar> | undefined;
    try {
      const report = await writeCorpus({
        sources: args.sources, out: args.out, options, ...(args.wordList !== undefined && { wordList: args.wordList }),
        onProgress: (done, total, path) => (bar ??= progressBar('books', total)).update(done, path),
      });
      bar?.finish();
      console.log(args.json ? JSON.stringify(report) : formatCorpus(args.out, report));
    } finally {
      bar?.finish();
    }
  },
};

/** What was kept and what was left out, for people. */
export function formatCorpus(out: string, { sources, skipped, counts, dropped, files }: CorpusReport): string {
  const n = (value: number): string => value.toLocaleString('en');
  const odd = [...new Set(sources.filter(({ encoding }) => encoding !== 'utf-8').map(({ encoding }) => encoding))];
  const damaged = sources.filter(({ damaged: bytes }) => bytes > 0);
  return [
    `${out}: ${n(counts.files)} files, ${n(counts.characters)} characters, ${n(counts.paragraphs)} paragraphs${odd.length > 0 ? ` (also in ${odd.join(', ')})` : ''}`,
    `  sentences  ${n(files['sentences.txt'].lines)} in ${n(counts.blocks)} blocks, ${n(counts.sentence_words)} tokens`,
    `  passages   ${n(files['passages.txt'].lines)}, ${n(counts.passage_words)} tokens`,
    ...Object.entries(dropped).flatMap(([what, reasons]) => {
      const list = Object.entries(reasons).filter(([, count]) => count > 0).map(([reason, count]) => `${n(count)} ${reason}`);
      return list.length > 0 ? [`  left out: ${what}: ${list.join(', ')}`] : [];
    }),
    ...skipped.map(({ reason }) => `  left out: ${reason}`),
    ...damaged.map(({ path, damaged: bytes }) => `  damaged: ${path}: ${n(bytes)} bytes are no UTF-8`),
  ].join('\n');
}
