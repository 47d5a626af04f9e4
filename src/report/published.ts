/** How the scores of a published row were computed, as far as its source says. */
export interface PublishedProtocol {
  /** That of `PROTOCOLS` which computes the same, where there is one. */
  readonly name: string;
  /** What its source says, and where it differs. */
  readonly description: string;
  /** Stories that were scored. */
  readonly data: string;
}

/** A row of figures that others have published. What its source does not give is left out. */
export interface PublishedRow {
  readonly name: string;
  /** What is known of the model. */
  readonly model?: string;
  /** Where the figures are from. */
  readonly source: string;
  /** Left out where there are no scores. */
  readonly protocol?: PublishedProtocol;
  readonly epochs?: number;
  /** Of the whole training. */
  readonly seconds?: number;
  /** Mean negative log-likelihood per word, in nats. */
  readonly trainLoss?: number;
  readonly validationLoss?: number;
  /** In points, by column. */
  readonly scores: Readonly<Record<string, number>>;
}

const VIST_SEQ2SEQ: PublishedProtocol = {
  name: 'vist-seq2seq',
  description: 'whole stories, one reference, METEOR hter -norm, BLEU without brevity penalty',
  data: 'VIST validation, 4,990 stories',
};

const VIST_SEQ2SEQ_SOURCE = 'logs of the VIST-seq2seq repository (Pendulibrium/ai-visual-storytelling-seq2seq), 2018';

type Logged = readonly [date: string, size: string, what: string, epochs: number, hours: number, trainLoss: number, validationLoss: number | null, scores: readonly number[]];

/** Runs that VIST-seq2seq logged: BLEU-1 to BLEU-4, METEOR. "Images only" is inferred from its notes and dates. */
const LOGGED: readonly Logged[] = [
  ['02-07', '2 x 1024', 'images only, k=3, dropout .5', 50, 13.0, 1.84, null, [32.7, 12.8, 5.0, 2.2, 26.0]],
  ['02-12', '2 x 1024', 'images only, k=2, dropout .5', 50, 12.9, 1.87, null, [33.3, 13.1, 5.1, 2.2, 26.2]],
  ['04-04', '2 x 1024', 'k=4', 50, 12.8, 1.82, null, [33.5, 13.3, 5.3, 2.4, 26.1]],
  ['04-05', '2 x 1024', 'k=5', 50, 12.2, 1.81, null, [32.8, 12.8, 5.1, 2.2, 25.9]],
  ['02-08', '2 x 1024', 'previous sentence, k=3', 50, 19.4, 0.82, null, [28.3, 10.5, 3.9, 1.7, 23.4]],
  ['02-15', '2 x 1024', 'no note', 30, 11.2, 1.01, null, [30.5, 11.3, 4.2, 1.8, 24.3]],
  ['02-09', '2 x 1024', 'previous sentence', 25, 9.6, 1.71, null, [31.9, 12.5, 4.9, 2.2, 25.1]],
  ['02-26', '2 x 1024', 'no note', 25, 7.1, 2.33, null, [35.4, 14.0, 5.8, 2.6, 25.7]],
  ['05-10', '1 x 1024', 'no note', 50, 8.2, 1.48, null, [27.5, 10.5, 3.9, 1.6, 24.4]],
  ['06-22', '2 x 1024', 'no note', 50, 18.6, 0.19, 7.29, [23.7, 7.9, 2.7, 1.0, 20.0]],
  ['07-03', '2 x 1024', 'no note', 22, 8.4, 1.51, 4.58, [26.2, 9.6, 3.5, 1.4, 21.5]],
  ['07-04', '2 x 1024', 'no note', 27, 10.1, 2.02, 4.06, [30.3, 11.8, 4.5, 1.9, 23.5]],
  ['06-21', '1 x 512', 'no note', 30, 3.5, 3.42, 3.83, []],
];

const AREL: PublishedProtocol = {
  name: 'arel-album',
  description: 'album level, five references, METEOR hter (vist_eval); what the source calls CIDEr is taken for CIDEr-D, as in coco-caption',
  data: 'VIST test',
};
const QUARTER: PublishedProtocol = { ...AREL, data: 'a split of its own (10,000/3,000/3,000 stories) of VIST' };

const AREL_PAGE = 'paperswithcode.com, No Metrics Are Perfect: Adversarial Reward Learning for Visual Storytelling';
const AREL_REPOSITORY = 'AREL repository';
const CMU = 'repository of a student project (CMU 11-777) that trained them on 25 % of the data';
const BENCHMARKS = 'paperswithcode2.com, benchmarks 50777 (BLEU-1) and 78806 (BLEU-2)';
const TAPM = 'paperswithcode.com, Transitional Adaptation of Pretrained Models for Visual Storytelling';

const COLUMNS = ['BLEU-1', 'BLEU-2', 'BLEU-3', 'BLEU-4', 'METEOR', 'ROUGE-L', 'CIDEr-D'] as const;
type Scored = readonly [name: string, source: string, scores: readonly (number | null)[], protocol?: PublishedProtocol];

const LEADERBOARD: readonly Scored[] = [
  ['CST', 'paperswithcode.com, Contextualize, Show and Tell (Gonzalez-Rico and Fuentes-Pineda 2018)', [60.1, 36.5, 21.1, 12.7, 34.4, 29.2, 5.1]],
  ['XE-ss', AREL_PAGE, [62.3, 38.2, 22.5, 13.7, 34.8, 29.7, 8.7]],
  ['GAN', AREL_PAGE, [62.8, 38.8, 23.0, 14.0, 35.0, 29.5, 9.0]],
  ['AREL-t-100', AREL_PAGE, [63.8, 39.1, 23.2, 14.1, 35.0, 29.5, 9.4]],
  ['AREL, IRL-init-iter100', AREL_REPOSITORY, [63.8, 38.9, 22.9, 13.8, 34.9, 29.4, 9.5]],
  ['AREL, XE-ss-init', AREL_REPOSITORY, [63.4, 39.4, 23.5, 14.3, 35.4, 30.0, 9.0]],
  ['AREL on 25 % of the data', CMU, [53.6, 29.8, 16.1, 9.2, 32.6, 26.9, 7.6], QUARTER],
  ['GLACNet on 25 % of the data', CMU, [42.6, 20.5, 10.4, 5.4, 30.3, 23.5, 2.0], QUARTER],
  ['VSCMR', BENCHMARKS, [63.8]],
  ['INet (hide-and-tell)', BENCHMARKS, [64.4, 40.1]],
  ['TAVST (RL)', BENCHMARKS, [64.2, 39.6]],
  ['StoryAnchor', BENCHMARKS, [65.1, 40.0]],
  ['IRW', BENCHMARKS, [66.7, 41.6]],
  ['CoVS', BENCHMARKS, [67.5, 42.7]],
  ['AOG+ARS', BENCHMARKS, [69.0, 44.0]],
  ['ReCo-RL', 'README of the ReCo-RL repository', [null, null, null, 13.5, 35.8, 29.5, 11.8]],
  ['TAPM without its vision and language pre-training', TAPM, [null, null, null, null, 34.1, 30.2, 8.3]],
  ['TAPM', TAPM, [null, null, null, null, 37.2, 33.1, 13.8]],
  ['TAPM, its released stories scored by users', 'TAPM repository, issue 29', [null, null, null, 11.6, 34.0, 28.9, 10.5]],
];

function scoresOf(values: readonly (number | null)[], columns: readonly string[]): Record<string, number> {
  return Object.fromEntries(values.flatMap((value, i) => (value === null ? [] : [[columns[i]!, value]])));
}

/** Figures that come with Fabula, by what `--published` calls them. */
export const PUBLISHED = {
  'vist-seq2seq': LOGGED.map(([date, size, what, epochs, hours, trainLoss, validationLoss, scores]): PublishedRow => ({
    name: `VIST-seq2seq ${date}`, model: `GRU ${size}, ${what}`, source: VIST_SEQ2SEQ_SOURCE, epochs, seconds: hours * 3600, trainLoss,
    ...(validationLoss !== null && { validationLoss }),
    ...(scores.length > 0 && { protocol: VIST_SEQ2SEQ }),
    scores: scoresOf(scores, ['BLEU-1', 'BLEU-2', 'BLEU-3', 'BLEU-4', 'METEOR']),
  })),
  vist: LEADERBOARD.map(([name, source, scores, protocol = AREL]): PublishedRow => ({ name, source, protocol, scores: scoresOf(scores, COLUMNS) })),
} as const satisfies Record<string, readonly PublishedRow[]>;

export const PUBLISHED_NAMES = Object.keys(PUBLISHED) as (keyof typeof PUBLISHED)[];
