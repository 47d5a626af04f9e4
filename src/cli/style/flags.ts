import type { Options } from 'yargs';
import { checkConfig } from '../../core/config.ts';
import { POSTPROCESSING } from '../../style/postprocess.ts';
import type { StyleTellingOptions } from '../../style/tellingoptions.ts';
import { styleTellingSchema } from '../../style/tellingoptions.ts';

const DEFAULTS = styleTellingSchema.parse({});

/** Where the storyteller is. */
export const STORYTELLER_FLAG = {
  storyteller: { type: 'string', alias: 's', requiresArg: true, default: 'storyteller', describe: 'folder of the storyteller' },
} as const satisfies Record<string, Options>;

/** How passages are told. */
export const TELLING_FLAGS = {
  captions: { type: 'number', alias: 'k', requiresArg: true, default: DEFAULTS.captions, describe: 'nearest captions that go into the mean' },
  strength: { type: 'number', requiresArg: true, default: DEFAULTS.strength, describe: 'how far towards the style: 1 as published, 0 not at all' },
  strategy: { choices: ['greedy', 'beam', 'sample'] as const, default: DEFAULTS.decoding.strategy, describe: 'how words are chosen' },
  beam: { type: 'number', requiresArg: true, default: DEFAULTS.decoding.beam, describe: 'beam: hypotheses kept' },
  'length-penalty': { type: 'number', requiresArg: true, default: DEFAULTS.decoding.length_penalty, describe: 'beam: 0 takes the lowest total NLL (as published), 1 the lowest per word' },
  'block-ngram': { type: 'number', requiresArg: true, default: DEFAULTS.decoding.block_ngram, describe: 'no sequence of so many words comes twice; 0 allows all' },
  'min-words': { type: 'number', requiresArg: true, default: DEFAULTS.decoding.min_words, describe: 'words of a passage at least' },
  'max-words': { type: 'number', requiresArg: true, describe: 'words of a passage at most (default: as in training)' },
  temperature: { type: 'number', requiresArg: true, default: DEFAULTS.decoding.temperature, describe: 'sample: below 1 safer, above 1 wilder' },
  'top-k': { type: 'number', requiresArg: true, default: DEFAULTS.decoding.top_k, describe: 'sample: among the k most probable words; 0 = all' },
  'top-p': { type: 'number', requiresArg: true, default: DEFAULTS.decoding.top_p, describe: 'sample: among words that together reach this probability' },
  unknown: { choices: ['bar', 'allow'] as const, default: DEFAULTS.decoding.unknown, describe: 'whether <UNK> may be said' },
  seed: { type: 'number', requiresArg: true, default: DEFAULTS.decoding.seed, describe: 'sample: of the draws' },
  text: { choices: ['readable', 'pix2story', 'lyric', 'none'] as const, default: 'readable' as const, describe: 'what is done to the words told: readable text, Pix2Story\'s rules, lines of a lyric, nothing' },
  'line-words': { type: 'number', requiresArg: true, default: 0, describe: 'lyric: words of a line at most; 0 = any number' },
} as const satisfies Record<string, Options>;

export interface TellingArguments {
  captions: number;
  strength: number;
  strategy: StyleTellingOptions['decoding']['strategy'];
  beam: number;
  lengthPenalty: number;
  blockNgram: number;
  minWords: number;
  maxWords: number | undefined;
  temperature: number;
  topK: number;
  topP: number;
  unknown: 'bar' | 'allow';
  seed: number;
  text: keyof typeof POSTPROCESSING;
  lineWords: number;
}

export function tellingOptions(args: TellingArguments): StyleTellingOptions {
  return checkConfig(styleTellingSchema, {
    captions: args.captions, strength: args.strength, text: { ...POSTPROCESSING[args.text], line_words: args.lineWords },
    decoding: {
      strategy: args.strategy, beam: args.beam, length_penalty: args.lengthPenalty, block_ngram: args.blockNgram, min_words: args.minWords,
      max_words: args.maxWords ?? null, temperature: args.temperature, top_k: args.topK, top_p: args.topP, unknown: args.unknown, seed: args.seed,
    },
  }, 'the options');
}

/** `1 passage`, `1,200 passages`. */
export function counted(count: number, what: string): string {
  return `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`;
}

/** Who looks at captions and passages. */
export const MODERATION_FLAGS = {
  'bar-words': { type: 'string', array: true, nargs: 1, default: [] as string[], describe: 'file of words and phrases that no passage may hold' },
  moderator: { type: 'string', array: true, nargs: 1, default: [] as string[], describe: 'ES module that exports review(text)' },
  'moderator-command': { type: 'string', array: true, nargs: 1, default: [] as string[], describe: 'command that reads a passage and says whether it may be shown' },
  'bar-captions': { type: 'string', array: true, nargs: 1, default: [] as string[], describe: 'file of words and phrases: captions with one are not used' },
} as const satisfies Record<string, Options>;

export interface ModerationArguments {
  barWords: string[];
  moderator: string[];
  moderatorCommand: string[];
  barCaptions: string[];
}
