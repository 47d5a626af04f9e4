import { basename } from 'node:path';
import { messageOf } from '../../core/errors.ts';
import { groupOf } from '../../core/groups.ts';
import { exists } from '../../core/files.ts';
import { openFeatureFiles } from '../../data/featureset.ts';
import type { FeatureTable } from '../../data/features.ts';
import { readStories } from '../../data/stories.ts';
import { readStoryOutputs } from '../../data/storyoutput.ts';
import type { RunReading } from '../../report/runreading.ts';
import type { RuntimeOptions } from '../../runtime/jit.ts';
import { Storyteller } from '../../telling/storyteller.ts';

/** A story of a photo sequence. */
export interface SequenceStory {
  readonly id: string;
  readonly imageIds: readonly string[];
  readonly sentences: readonly string[];
}

/** What one run told. */
export interface ToldStories {
  /** Place of the run. */
  readonly run: number;
  readonly stories: readonly SequenceStory[];
}

export interface TellingOptions {
  /** Stories that a run tells which keeps none. */
  readonly count: number;
  /** Let such runs tell. */
  readonly tell: boolean;
  /** Files of features, in place of those that the configurations name. */
  readonly features: readonly string[];
  readonly runtime: Partial<RuntimeOptions>;
  /** Called while stories are told: what is done, how many so far, and of how many. */
  readonly onProgress?: (what: string, done: number, total: number) => void;
}

/** Which photos a story is about; its id where it names none. */
export function sequenceKey({ id, imageIds }: Pick<SequenceStory, 'id' | 'imageIds'>): string {
  return imageIds.length === 0 ? id : imageIds.join(' ');
}

/** The first story of each photo sequence, in their order. */
export function firstOfEach(stories: readonly SequenceStory[]): SequenceStory[] {
  const first = new Map<string, SequenceStory>();
  for (const story of stories) if (!first.has(sequenceKey(story))) first.set(sequenceKey(story), story);
  return [...first.values()];
}

/**
 * The stories of every run: of its stories*.jsonl; else told now, of the photos that other runs' stories are about, or
 * of its validation stories; else what it told while it was trained.
 * @param notes gets a line for each run: where its stories are from, or why there are none
 */
export async function collectStories(runs: readonly RunReading[], options: TellingOptions, notes: string[]): Promise<ToldStories[]> {
  const kept = new Map<number, readonly SequenceStory[]>();
  for (const [run, reading] of runs.entries()) {
    const stories = await keptStories(reading, notes);
    if (stories !== undefined) kept.set(run, stories);
  }
  const wanted = [...kept.values()][0]?.filter(({ imageIds }) => imageIds.length > 0).slice(0, options.count);
  const all: ToldStories[] = [];
  for (const [run, reading] of runs.entries()) {
    const stories = kept.get(run) ?? (reading.kind === 'train' ? await freshStories(reading, wanted, options, notes) : undefined);
    if (stories !== undefined && stories.length > 0) all.push({ run, stories });
  }
  return all;
}

/** Of the first of the run's files that can be read: stories.jsonl before stories-greedy.jsonl. */
async function keptStories({ name, storyFiles }: RunReading, notes: string[]): Promise<readonly SequenceStory[] | undefined> {
  const files = storyFiles.toSorted((a, b) => a.length - b.length || (a < b ? -1 : 1));
  for (const [i, file] of files.entries()) {
    try {
      const stories = await readStoryOutputs(file);
      const others = files.slice(i + 1).map((path) => basename(path));
      notes.push(`${name}: ${stories.length} stories of ${basename(file)}${others.length === 0 ? '' : `; ${others.join(', ')} not shown`}`);
      return stories;
    } catch (error) {
      notes.push(messageOf(error));
    }
  }
  return undefined;
}

/** Told now where the run's checkpoint and data are there, else its last samples. */
async function freshStories(run: RunReading, wanted: readonly SequenceStory[] | undefined, options: TellingOptions, notes: string[]): Promise<readonly SequenceStory[] | undefined> {
  let reason = 'not asked for';
  if (options.tell) {
    try {
      return await tellNow(run, wanted, options, notes);
    } catch (error) {
      reason = messageOf(error);
    }
  }
  if (run.samples === null) {
    notes.push(`${run.name}: no stories: its folder has no stories.jsonl, and none could be told (${reason}); write some with fabula generate`);
    return undefined;
  }
  notes.push(`${run.name}: ${run.samples.stories.length} stories told after epoch ${run.samples.epoch} of its training${options.tell ? ` (none could be told now: ${reason})` : ''}`);
  return run.samples.stories;
}

async function tellNow(run: RunReading, wanted: readonly SequenceStory[] | undefined, options: TellingOptions, notes: string[]): Promise<readonly SequenceStory[]> {
  const features = await openRunFeatures(run, options.features);
  try {
    const sequences = (wanted ?? (await validationSequences(run))).slice(0, options.count);
    const storyteller = await Storyteller.open(run.path, options.runtime);
    try {
      const told = await storyteller.tellSequences(features, sequences.map(({ imageIds }) => imageIds), {}, (done) => options.onProgress?.(`telling, ${run.name}`, done, sequences.length));
      notes.push(`${run.name}: ${told.length} stories told for this report by its best checkpoint, as fabula generate tells unless asked otherwise`);
      return sequences.map(({ id, imageIds }, i) => ({ id, imageIds, sentences: told[i]!.sentences }));
    } finally {
      await storyteller.dispose();
    }
  } finally {
    features.close();
  }
}

/** Photo sequences of the validation stories, each once. */
async function validationSequences(run: RunReading): Promise<SequenceStory[]> {
  const path = dataPath(run, 'validation');
  if (path === undefined) throw new Error('its configuration names no validation stories');
  const { ids, imageIds } = await readStories(path);
  return firstOfEach(ids.map((id, i): SequenceStory => ({ id, imageIds: imageIds[i]!, sentences: [] })));
}

/** The photo features that a run was trained on, or those given. @throws UserError when they cannot be opened */
export async function openRunFeatures(run: RunReading, given: readonly string[]): Promise<FeatureTable> {
  const named = groupOf(run.config['data'])['features'];
  const paths = given.length > 0 ? given : [named].flat().filter((path) => typeof path === 'string');
  if (paths.length === 0) throw new Error('its configuration names no features');
  return openFeatureFiles(paths);
}

/** A file of the run's data, as its configuration names it. */
export function dataPath(run: RunReading, key: 'train' | 'validation'): string | undefined {
  const path = groupOf(run.config['data'])[key];
  return typeof path === 'string' ? path : undefined;
}

/** The first of the runs' validation stories that are still there. */
export async function existingValidation(runs: readonly RunReading[]): Promise<string[]> {
  const paths = [...new Set(runs.flatMap((run) => dataPath(run, 'validation') ?? []))];
  const there = await Promise.all(paths.map(exists));
  return paths.filter((_, i) => there[i]);
}
