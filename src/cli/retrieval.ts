import type { CommandModule } from 'yargs';
import { UserError } from '../core/errors.ts';
import { progressBar } from '../core/progress.ts';
import { readLines } from '../data/textlines.ts';
import type { RankScores, Similarity } from '../evaluation/retrieval.ts';
import { rankScores, retrievalRanks, SIMILARITIES } from '../evaluation/retrieval.ts';
import type { VectorTable } from '../features/vectors.ts';
import { foldRepeatedRows, readVectors } from '../features/vectors.ts';
import { requireWhole } from './options.ts';

interface RetrievalArguments {
  images: string;
  sentences: string;
  pairs: string | undefined;
  perImage: number | undefined;
  similarity: Similarity;
  json: boolean;
}

/** Sentences an image has in COCO, Flickr8k and Flickr30k. */
const PER_IMAGE = 5;

export const command: CommandModule<object, RetrievalArguments> = {
  command: 'retrieval <images> <sentences>',
  describe: 'Score a joint space of images and sentences: recall and ranks',
  builder: (yargs) => yargs
    .positional('images', { type: 'string', demandOption: true, describe: 'image vectors: .npy [images, width], or a features file .h5' })
    .positional('sentences', { type: 'string', demandOption: true, describe: 'sentence vectors of the same width, likewise' })
    .options({
      pairs: { type: 'string', requiresArg: true, describe: 'text, a line a sentence: its image, by row number from 0 (.npy) or by id (.h5)' },
      'per-image': { type: 'number', requiresArg: true, describe: `without --pairs: each image has so many sentences, one after the other (default: ${PER_IMAGE})` },
      similarity: { choices: SIMILARITIES, default: 'cosine' as Similarity, describe: 'what two vectors are compared by' },
      json: { type: 'boolean', default: false, describe: 'print the scores as JSON' },
    })
    .example('$0 retrieval images.npy sentences.npy', 'five sentences an image, as in COCO and Flickr')
    .example('$0 retrieval photos.h5 told.npy --pairs photos.txt --json', 'line n of photos.txt is the photo of sentence n') as never,
  handler: async ({ images, sentences, pairs, perImage, similarity, json }) => {
    const report = await scoreRetrieval({ images, sentences, similarity, ...(pairs !== undefined && { pairs }), ...(perImage !== undefined && { perImage }) });
    console.log(json ? JSON.stringify(report) : formatReport(report));
  },
};

export interface RetrievalJob {
  /** Paths of vectors. */
  readonly images: string;
  readonly sentences: string;
  /** Path of a file that names each sentence's image. */
  readonly pairs?: string;
  /** Otherwise: sentences an image. Default 5. */
  readonly perImage?: number;
  readonly similarity?: Similarity;
}

/** The `--json` of `fabula retrieval`. */
export interface RetrievalReport {
  readonly images: number;
  readonly sentences: number;
  /** Sentences each image has; null when the pairs come from a file. */
  readonly perImage: number | null;
  readonly similarity: Similarity;
  readonly imageToSentence: RankScores;
  readonly sentenceToImage: RankScores;
  /** Queries that only the order of rows ranks, for equal scores. */
  readonly tied: { readonly imageToSentence: number; readonly sentenceToImage: number };
}

/** Reads vectors and ranks them, with a progress bar. @throws UserError */
export async function scoreRetrieval({ images, sentences, pairs, perImage, similarity = 'cosine' }: RetrievalJob): Promise<RetrievalReport> {
  if (pairs !== undefined && perImage !== undefined) throw new UserError('--pairs and --per-image: give one of them');
  const each = perImage ?? PER_IMAGE;
  requireWhole('per-image', each, 1);
  const told = await readVectors(sentences);
  const shown = await readVectors(images);
  const paired = pairs === undefined ? pairInOrder(shown, told, each) : { images: shown, imageOf: await readPairs(pairs, shown, told) };
  const bar = progressBar('ranks', paired.images.rows);
  try {
    const ranks = retrievalRanks(paired.images, told, paired.imageOf, { similarity, onProgress: (done) => bar.update(done) });
    return {
      images: paired.images.rows, sentences: told.rows, perImage: pairs === undefined ? each : null, similarity,
      imageToSentence: rankScores(ranks.imageToSentence), sentenceToImage: rankScores(ranks.sentenceToImage), tied: ranks.tied,
    };
  } finally {
    bar.finish();
  }
}

interface Paired {
  readonly images: VectorTable;
  /** [sentences] row of each one's image. */
  readonly imageOf: Int32Array;
}

function pairInOrder(images: VectorTable, sentences: VectorTable, each: number): Paired {
  const repeated = each > 1 && images.rows === sentences.rows ? foldRepeatedRows(images, each) : undefined;
  const used = repeated ?? images;
  if (used.rows * each !== sentences.rows) {
    throw new UserError(`${sentences.name} has ${sentences.rows} rows; the ${images.rows} images of ${images.name} with ${each} sentences each ask for ${images.rows * each}; set --per-image, or name each sentence's image with --pairs FILE`);
  }
  return { images: used, imageOf: Int32Array.from({ length: sentences.rows }, (_, row) => Math.floor(row / each)) };
}

async function readPairs(path: string, images: VectorTable, sentences: VectorTable): Promise<Int32Array> {
  const lines = await readLines(path, 'images of the sentences');
  if (lines.length !== sentences.rows) throw new UserError(`${path} has ${lines.length} lines for the ${sentences.rows} sentences of ${sentences.name}; write one a sentence`);
  const rows = images.ids && new Map(images.ids.map((id, row) => [id, row]));
  return Int32Array.from(lines, (line, i) => {
    const name = line.trim();
    const row = rows === undefined ? rowNumber(name, images.rows) : rows.get(name);
    if (row !== undefined) return row;
    const wanted = rows === undefined ? `a row of ${images.name}, which has 0 to ${images.rows - 1}` : `an image of ${images.name}`;
    throw new UserError(`${path}: line ${i + 1}: "${name}" is not ${wanted}`);
  });
}

function rowNumber(text: string, rows: number): number | undefined {
  return /^\d+$/.test(text) && Number(text) < rows ? Number(text) : undefined;
}

const COLUMNS = ['R@1', 'R@5', 'R@10', 'median rank', 'mean rank', 'MRR'] as const;

function formatReport({ images, sentences, perImage, similarity, imageToSentence, sentenceToImage, tied }: RetrievalReport): string {
  const cells = ({ recall1, recall5, recall10, medianRank, meanRank, meanReciprocalRank }: RankScores): string[] =>
    [recall1.toFixed(1), recall5.toFixed(1), recall10.toFixed(1), String(medianRank), meanRank.toFixed(1), meanReciprocalRank.toFixed(3)];
  const row = (name: string, values: readonly string[]): string => `  ${name.padEnd(18)}${values.map((value, i) => value.padStart(COLUMNS[i]!.length + 2).padStart(7)).join('')}`;
  const ties = tied.imageToSentence + tied.sentenceToImage;
  return [
    `${images} images, ${sentences} sentences (${perImage === null ? 'pairs from a file' : `${perImage} an image`}), ${similarity === 'cosine' ? 'cosine similarity' : 'dot product'}`,
    row('', COLUMNS),
    row('image to sentence', cells(imageToSentence)),
    row('sentence to image', cells(sentenceToImage)),
    ...(ties > 0 ? [`  ${ties} of ${images + sentences} queries have a wrong answer exactly as good as the right one; the later row goes first`] : []),
  ].join('\n');
}
