import { unknownName } from '../core/errors.ts';
import type { BleuOptions } from './bleu.ts';
import type { BleuLineName } from './bleuline.ts';
import type { CiderVariant } from './cider.ts';
import type { CleanerName } from './cleaning.ts';
import type { MeteorOptions } from './meteor/meteor.ts';
import type { TokenizerName } from './tokenizers.ts';

/** Everything that must be equal for two scores to be comparable. `docs/protocols.md` says where each is from. */
export interface Protocol {
  /** One line for tables and help. */
  readonly description: string;
  /** What is a segment: a whole story, its sentences joined by spaces, or each sentence by itself. */
  readonly level: 'story' | 'sentence';
  /** Which human texts a segment is held against: the story of the same id, all stories of the same photos in the same order, or all stories of the same album. */
  readonly references: 'own story' | 'photo sequence' | 'album';
  /** `indexed`: as a model can write it, cut at 20 words and with `<UNK>` for words outside the vocabulary. */
  readonly referenceText: 'whole' | 'indexed';
  /** What is done to all texts before any metric sees them. */
  readonly cleaning: CleanerName;
  /** What BLEU, ROUGE-L and CIDEr take for words; METEOR has its own. */
  readonly tokenizer: TokenizerName;
  readonly bleu: Required<BleuOptions>;
  /** The tool whose printed line the BLEU score gives. */
  readonly line: BleuLineName;
  readonly meteor: Required<MeteorOptions>;
  readonly cider: CiderVariant;
}

const STANDARD_BLEU: Required<BleuOptions> = { brevityPenalty: true, smoothing: 'none', effectiveOrder: false };

/** What VIST-seq2seq called: the challenge's task, with METEOR's own tokenizer. */
const HTER_NORM: Required<MeteorOptions> = { task: 'hter', normalisation: 'norm', aggregation: 'system' };

/** What most protocols share; each says what it changes. */
const STORY = {
  level: 'story', references: 'own story', referenceText: 'whole', cleaning: 'none', tokenizer: 'whitespace',
  bleu: STANDARD_BLEU, line: 'multi-bleu', meteor: HTER_NORM, cider: 'CIDEr-D',
} as const satisfies Omit<Protocol, 'description'>;

/** Every protocol by name. */
export const PROTOCOLS = {
  'vist-seq2seq': {
    ...STORY,
    description: 'whole stories, one reference with <UNK> as the model sees it, cumulative BLEU without brevity penalty, METEOR hter -norm',
    referenceText: 'indexed', bleu: { ...STANDARD_BLEU, brevityPenalty: false }, line: 'vist-seq2seq',
  },
  'arel-album': {
    ...STORY,
    description: 'one story an album against all human stories of the album, non-ASCII characters removed, METEOR hter on the text as it is (vist_eval, AREL)',
    references: 'album', cleaning: 'ascii', meteor: { task: 'hter', normalisation: 'none', aggregation: 'system' },
  },
  'vist-challenge': {
    ...STORY,
    description: 'mean over photo sequences of the best METEOR hter against their human stories, the text as it is (VIST challenge 2018)',
    references: 'photo sequence', meteor: { task: 'hter', normalisation: 'none', aggregation: 'mean' },
  },
  'single-reference': {
    ...STORY,
    description: 'whole stories, one reference, BLEU as multi-bleu.perl, METEOR hter -norm',
  },
  'story-multi': {
    ...STORY,
    description: 'whole stories, every human story of the same photo sequence as a reference, BLEU as multi-bleu.perl, METEOR hter -norm',
    references: 'photo sequence',
  },
  sentence: {
    ...STORY,
    description: 'each sentence against the one its photo has in the same human story, corpus BLEU as multi-bleu.perl, METEOR hter -norm',
    level: 'sentence',
  },
  sacrebleu: {
    ...STORY,
    description: 'whole stories, every human story of the same photo sequence as a reference, BLEU as sacreBLEU (13a tokens, exp smoothing), METEOR hter -norm',
    references: 'photo sequence', tokenizer: '13a', bleu: { ...STANDARD_BLEU, smoothing: 'exp' }, line: 'sacrebleu',
  },
  coco: {
    ...STORY,
    description: 'whole texts, every reference of the same photos, PTB tokens without punctuation, METEOR rank -norm (coco-caption)',
    references: 'photo sequence', cleaning: 'ptb', meteor: { task: 'rank', normalisation: 'norm', aggregation: 'system' },
  },
} as const satisfies Record<string, Protocol>;

/** Name of a protocol. */
export type ProtocolName = keyof typeof PROTOCOLS;

export const PROTOCOL_NAMES = Object.keys(PROTOCOLS) as ProtocolName[];

/** @throws UserError with the nearest name. */
export function protocolName(name: string): ProtocolName {
  const found = PROTOCOL_NAMES.find((known) => known === name);
  if (found !== undefined) return found;
  throw unknownName('protocol', name, PROTOCOL_NAMES);
}
