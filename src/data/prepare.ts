import { join } from 'node:path';
import { UserError } from '../core/errors.ts';
import { writeFileAtomic } from '../core/files.ts';
import { splitWords } from '../text/tokenizer.ts';
import { countWords, UNKNOWN_ID, Vocabulary, VOCABULARY_DEFAULTS } from '../text/vocabulary.ts';
import { openFeatures } from './features.ts';
import { buildStories, writeStories } from './stories.ts';
import type { StoryOptions, StoryReport, StorySet } from './stories.ts';
import { readVistCaptions, readVistStories } from './vist.ts';
import type { Caption, Story } from './vist.ts';

export const SPLITS = ['train', 'val', 'test'] as const;
/** Name of a split. */
export type Split = (typeof SPLITS)[number];

/** Which annotations become stories, with which vocabulary, and where they go. */
export interface PrepareOptions {
  /** Story-in-sequence JSON of each split; at least one. */
  stories: Partial<Record<Split, string>>;
  /** Description-in-isolation JSON files, of any split. */
  descriptions?: readonly string[];
  requireDescriptions?: boolean;
  /** Features files: a story is dropped when a photo is in none of them. */
  features?: readonly string[];
  /** An existing vocabulary.json; otherwise it is built from the training split. */
  vocabulary?: string;
  words?: number;
  minCount?: number;
  maxWords?: number;
  /** Folder for vocabulary.json, report.json and a stories file a split. */
  output: string;
  /** Told which file is being worked on. */
  onStep?: (step: string) => void;
}

/** What became of one split. */
export interface SplitReport extends StoryReport {
  file: string;
  /** Words a sentence, before the cut; `histogram[n]` sentences have n words. */
  sentenceLength: { min: number; max: number; mean: number; histogram: number[] };
  /** Words of the kept stories within the cut, how many of them are `<UNK>`, and the share that is not. */
  words: number;
  unknown: number;
  coverage: number;
}

/** What was written, and what became of the stories; also kept as report.json. */
export interface PrepareReport {
  vocabulary: { file: string; size: number; sha256: string; source: string };
  splits: Partial<Record<Split, SplitReport>>;
}

/** VIST JSON in, vocabulary and stories files out. Each file is written whole or not at all. */
export async function prepare(options: PrepareOptions): Promise<PrepareReport> {
  const { stories: paths, output, onStep = () => {} } = options;
  const splits = SPLITS.filter((split) => paths[split] !== undefined);
  if (splits.length === 0) throw new UserError('prepare: no stories given; name at least one of --train, --val, --test');
  if (paths.train === undefined && options.vocabulary === undefined) {
    throw new UserError('prepare: the vocabulary comes from the training split; give --train, or --vocabulary with an existing one');
  }
  const read = new Map<Split, Story[]>();
  for (const split of splits) {
    onStep(paths[split]!);
    read.set(split, await readVistStories(paths[split]!));
  }
  const captions = options.descriptions === undefined ? undefined : await readAllCaptions(options.descriptions, onStep);
  const features = options.features === undefined ? undefined : await photosWithFeatures(options.features, onStep);
  const vocabulary = options.vocabulary === undefined ? buildVocabulary(read.get('train')!, options) : await Vocabulary.load(options.vocabulary);
  const storyOptions: StoryOptions = {
    vocabulary,
    requireDescriptions: options.requireDescriptions ?? false,
    ...(options.maxWords === undefined ? {} : { maxWords: options.maxWords }),
    ...(captions === undefined ? {} : { captions }),
    ...(features === undefined ? {} : { features }),
  };
  const built = splits.map((split) => ({ split, ...buildStories(read.get(split)!, storyOptions) }));
  for (const { split, set, report } of built) if (set.length === 0) throw nothingLeft(paths[split]!, report);
  const vocabularyFile = join(output, 'vocabulary.json');
  await vocabulary.save(vocabularyFile);
  const result: PrepareReport = {
    vocabulary: {
      file: vocabularyFile, size: vocabulary.size, sha256: vocabulary.fingerprint(), source: options.vocabulary ?? paths.train!,
    },
    splits: {},
  };
  for (const { split, set, report } of built) {
    const file = join(output, `${split}.h5`);
    onStep(file);
    await writeStories(file, set);
    result.splits[split] = { file, ...report, ...describeSentences(set) };
  }
  await writeFileAtomic(join(output, 'report.json'), `${JSON.stringify(result, null, 2)}\n`);
  return result;
}

/** The words of all training sentences, also of stories that are dropped later, as VIST-seq2seq counts them. */
function buildVocabulary(stories: readonly Story[], options: PrepareOptions): Vocabulary {
  const counts = countWords(stories.flatMap((story) => story.sentences.map((sentence) => splitWords(sentence.text))));
  return Vocabulary.fromCounts(counts, {
    size: options.words ?? VOCABULARY_DEFAULTS.size,
    minCount: options.minCount ?? VOCABULARY_DEFAULTS.minCount,
  });
}

async function readAllCaptions(paths: readonly string[], onStep: (step: string) => void): Promise<Caption[]> {
  const captions: Caption[] = [];
  for (const path of paths) {
    onStep(path);
    for (const caption of await readVistCaptions(path)) captions.push(caption);
  }
  return captions;
}

async function photosWithFeatures(paths: readonly string[], onStep: (step: string) => void): Promise<Set<string>> {
  const ids = new Set<string>();
  for (const path of paths) {
    onStep(path);
    // Only the ids are needed: nothing is loaded beyond them.
    const table = await openFeatures(path, { maxBytes: 0 });
    for (const id of table.ids) ids.add(id);
    table.close();
  }
  return ids;
}

function nothingLeft(path: string, report: StoryReport): UserError {
  const reasons = Object.entries(report.dropped).filter(([, count]) => count > 0).map(([reason, count]) => `${reason} ${count}`);
  const [example] = Object.values(report.examples).flat();
  return new UserError(`${path}: none of ${report.read} stories can be used (${reasons.join(', ')}${example === undefined ? '' : `; ${example}`})`);
}

function describeSentences(set: StorySet): Pick<SplitReport, 'sentenceLength' | 'words' | 'unknown' | 'coverage'> {
  const lengths = set.texts.flat().map((text) => splitWords(text).length);
  const histogram = new Array<number>(lengths.reduce((a, b) => Math.max(a, b), 0) + 1).fill(0);
  for (const length of lengths) histogram[length]!++;
  let words = 0;
  let unknown = 0;
  for (const id of set.sentences) {
    if (id >= UNKNOWN_ID) words++;
    if (id === UNKNOWN_ID) unknown++;
  }
  return {
    sentenceLength: {
      min: lengths.reduce((a, b) => Math.min(a, b), Infinity),
      max: histogram.length - 1,
      mean: lengths.reduce((a, b) => a + b, 0) / lengths.length,
      histogram,
    },
    words,
    unknown,
    coverage: words === 0 ? 1 : 1 - unknown / words,
  };
}
