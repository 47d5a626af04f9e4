import { nearestName, UserError } from '../core/errors.ts';
import type { BleuOptions } from './bleu.ts';
import type { BleuLineName } from './bleuline.ts';
import type { TokenizerName } from './tokenizers.ts';

/** Everything that must be equal for two scores to be comparable. */
export interface Protocol {
  /** One line for tables and help. */
  readonly description: string;
  /** What is a segment: a whole story, its sentences joined by spaces, or each sentence by itself. */
  readonly level: 'story' | 'sentence';
  /** Which human texts a segment is held against: the story of the same id, or all stories of the same photos in the same order. */
  readonly references: 'own story' | 'photo sequence';
  /** `indexed`: as a model can write it, cut at 20 words and with `<UNK>` for words outside the vocabulary. */
  readonly referenceText: 'whole' | 'indexed';
  readonly tokenizer: TokenizerName;
  readonly bleu: Required<BleuOptions>;
  /** The tool whose printed line the score gives. */
  readonly line: BleuLineName;
}

const STANDARD_BLEU: Required<BleuOptions> = { brevityPenalty: true, smoothing: 'none', effectiveOrder: false };

export const PROTOCOLS = {
  'vist-seq2seq': {
    description: 'whole stories, one reference with <UNK> as the model sees it, cumulative BLEU without brevity penalty',
    level: 'story', references: 'own story', referenceText: 'indexed', tokenizer: 'whitespace',
    bleu: { ...STANDARD_BLEU, brevityPenalty: false }, line: 'vist-seq2seq',
  },
  'single-reference': {
    description: 'whole stories, one reference, BLEU as multi-bleu.perl',
    level: 'story', references: 'own story', referenceText: 'whole', tokenizer: 'whitespace',
    bleu: STANDARD_BLEU, line: 'multi-bleu',
  },
  'story-multi': {
    description: 'whole stories, every human story of the same photo sequence as a reference, BLEU as multi-bleu.perl',
    level: 'story', references: 'photo sequence', referenceText: 'whole', tokenizer: 'whitespace',
    bleu: STANDARD_BLEU, line: 'multi-bleu',
  },
  sentence: {
    description: 'each sentence against the one its photo has in the same human story, corpus BLEU as multi-bleu.perl',
    level: 'sentence', references: 'own story', referenceText: 'whole', tokenizer: 'whitespace',
    bleu: STANDARD_BLEU, line: 'multi-bleu',
  },
  sacrebleu: {
    description: 'whole stories, every human story of the same photo sequence as a reference, BLEU as sacreBLEU (13a tokens, exp smoothing)',
    level: 'story', references: 'photo sequence', referenceText: 'whole', tokenizer: '13a',
    bleu: { ...STANDARD_BLEU, smoothing: 'exp' }, line: 'sacrebleu',
  },
} as const satisfies Record<string, Protocol>;

export type ProtocolName = keyof typeof PROTOCOLS;

export const PROTOCOL_NAMES = Object.keys(PROTOCOLS) as ProtocolName[];

/** @throws UserError with the nearest name. */
export function protocolName(name: string): ProtocolName {
  const found = PROTOCOL_NAMES.find((known) => known === name);
  if (found !== undefined) return found;
  const near = nearestName(name, PROTOCOL_NAMES);
  throw new UserError(`protocol ${JSON.stringify(name)}: ${near === undefined ? '' : `did you mean ${near}? `}there are ${PROTOCOL_NAMES.join(', ')}`);
}
