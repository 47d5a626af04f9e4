import { messageOf, UserError } from '../../core/errors.ts';
import { readReferences } from '../../data/storytexts.ts';
import { listPhotos } from '../../features/photolist.ts';
import { encodeThumbnail } from '../../io/images.ts';
import { compareRuns } from '../../report/comparison.ts';
import type { GalleryStory, Telling } from '../../report/gallery.ts';
import { readPublished } from '../../report/publishedfile.ts';
import { reportPage } from '../../report/reportpage.ts';
import type { RunReading } from '../../report/runreading.ts';
import { readRuns } from '../../report/runreading.ts';
import type { Writer } from '../../report/wordsection.ts';
import { attentionMaps } from '../../telling/attentionmaps.ts';
import type { AttentionMap } from '../../telling/attentionmaps.ts';
import { collectStories, existingValidation, firstOfEach, openRunFeatures, sequenceKey } from './told.ts';
import type { SequenceStory, TellingOptions, ToldStories } from './told.ts';

/** What a report shows and where it is from. */
export interface ReportOptions extends Omit<TellingOptions, 'count'> {
  /** Run folders, or folders of them. */
  readonly runs: readonly string[];
  readonly title: string;
  /** Folders with the photos. */
  readonly photos: readonly string[];
  /** Files of human stories; default: the validation stories that the configurations name. */
  readonly references: readonly string[];
  /** At most so many stories are shown. */
  readonly stories: number;
  /** Names or files of published figures for the table. */
  readonly published: readonly string[];
}

/** A report as a page, and what is in it. */
export interface Report {
  readonly html: string;
  readonly runs: number;
  readonly stories: number;
  /** Where stories are from, and what could not be had. */
  readonly notes: readonly string[];
  /** What run folders lack. */
  readonly missing: readonly string[];
}

/** Longer side of a photo in a report. */
const PHOTO_SIDE = 320;

/**
 * A report over runs: what is missing or cannot be read is left out and named.
 * @throws UserError when there is no run, or something that was named cannot be read
 */
export async function makeReport(options: ReportOptions): Promise<Report> {
  const runs = await readRuns(options.runs);
  const comparison = compareRuns(runs, (await Promise.all([...new Set(options.published)].map(readPublished))).flat());
  const notes: string[] = [];
  const told = await collectStories(runs, { ...options, count: options.stories }, notes);
  const human = await humanStories(runs, options.references, told, notes);
  const shown = chooseSequences(told, options.stories);
  const attention = await attentionOf(runs, told, shown, options, notes);
  const photos = await smallPhotos(options, shown, notes);
  const stories = shown.map((sequence): GalleryStory => ({
    id: sequence.id,
    photos: sequence.imageIds.map((id) => ({ id, image: photos.get(id) ?? null })),
    tellings: tellingsOf(runs, told, human, sequenceKey(sequence), attention),
  }));
  const html = await reportPage({ title: options.title, runs, comparison, writers: writersOf(runs, told, human), stories, notes });
  return { html, runs: runs.length, stories: stories.length, notes, missing: comparison.missing.flatMap(({ run, what }) => what.map((line) => `${run}: ${line}`)) };
}

/** By photo sequence. */
type HumanStories = ReadonlyMap<string, readonly SequenceStory[]>;

async function humanStories(runs: readonly RunReading[], given: readonly string[], told: readonly ToldStories[], notes: string[]): Promise<HumanStories> {
  const human = new Map<string, SequenceStory[]>();
  const files = given.length > 0 ? given : await existingValidation(runs);
  for (const path of files) {
    try {
      const file = await readReferences(path, { text: 'whole' });
      if (file.kind !== 'stories') throw new UserError(`${path}: lines of text do not say which photos they are about; give VIST's .json, stories .h5 or .jsonl`);
      for (const story of file.stories) human.set(sequenceKey(story), [...(human.get(sequenceKey(story)) ?? []), story]);
    } catch (error) {
      // What the user named must be right; what only a configuration names may have gone.
      if (given.length > 0) throw error;
      notes.push(messageOf(error));
    }
  }
  const matched = told.some(({ stories }) => stories.some((story) => human.has(sequenceKey(story))));
  if (!matched && told.length > 0) notes.push(`no human stories of these photos${files.length === 0 ? '' : ` in ${files.join(', ')}`}; give some with --references`);
  return human;
}

/** Photo sequences that most runs have told first, in the order of the first run that told them. */
function chooseSequences(told: readonly ToldStories[], count: number): SequenceStory[] {
  const sequences = new Map<string, { story: SequenceStory; runs: number }>();
  for (const { stories } of told) {
    // A run may have told a sequence several times, once for each human story.
    for (const story of firstOfEach(stories)) {
      const key = sequenceKey(story);
      const known = sequences.get(key);
      sequences.set(key, { story: known?.story ?? story, runs: (known?.runs ?? 0) + 1 });
    }
  }
  return [...sequences.values()].sort((a, b) => b.runs - a.runs).slice(0, count).map(({ story }) => story);
}

/** By run and photo sequence. */
type Attention = ReadonlyMap<number, ReadonlyMap<string, readonly AttentionMap[]>>;

/** Of all models that have attention, for the stories that are shown. */
async function attentionOf(runs: readonly RunReading[], told: readonly ToldStories[], shown: readonly SequenceStory[], options: ReportOptions, notes: string[]): Promise<Attention> {
  const found = new Map<number, ReadonlyMap<string, readonly AttentionMap[]>>();
  const keys = new Set(shown.map(sequenceKey));
  for (const { run, stories } of told.filter((one) => runs[one.run]!.model === 'attention')) {
    const wanted = stories.filter((story) => keys.has(sequenceKey(story)) && story.imageIds.length > 0);
    try {
      options.onProgress?.(`attention, ${runs[run]!.name}`, 0, 1);
      const features = await openRunFeatures(runs[run]!, options.features);
      try {
        const maps = await attentionMaps(runs[run]!.path, features, wanted, options.runtime);
        found.set(run, new Map(wanted.map((story, i) => [sequenceKey(story), maps[i]!])));
      } finally {
        features.close();
      }
    } catch (error) {
      notes.push(`${runs[run]!.name}: no attention maps: ${messageOf(error)}`);
    }
  }
  return found;
}

function tellingsOf(runs: readonly RunReading[], told: readonly ToldStories[], human: HumanStories, key: string, attention: Attention): Telling[] {
  const models = told.flatMap(({ run, stories }): Telling[] => {
    const story = stories.find((one) => sequenceKey(one) === key);
    if (story === undefined) return [];
    const maps = attention.get(run)?.get(key);
    return [{ name: runs[run]!.name, run, sentences: story.sentences, ...(maps && { attention: maps }) }];
  });
  const people = human.get(key) ?? [];
  return [...models, ...people.map(({ sentences }, i): Telling => ({ name: people.length === 1 ? 'human' : `human ${i + 1}`, run: null, sentences }))];
}

/** Photos as data: URLs, by id. */
async function smallPhotos({ photos: folders, onProgress }: ReportOptions, shown: readonly SequenceStory[], notes: string[]): Promise<ReadonlyMap<string, string>> {
  const urls = new Map<string, string>();
  if (folders.length === 0) {
    if (shown.some(({ imageIds }) => imageIds.length > 0)) notes.push('photos are not shown: name their folder with --photos');
    return urls;
  }
  const files = new Map((await listPhotos(folders)).map(({ id, path }) => [id, path]));
  const wanted = [...new Set(shown.flatMap(({ imageIds }) => imageIds))];
  const absent = wanted.filter((id) => !files.has(id));
  if (absent.length > 0) notes.push(`${absent.length} of ${wanted.length} photos are not in ${folders.join(', ')}, such as ${absent[0]}`);
  const there = wanted.filter((id) => files.has(id));
  for (const [i, id] of there.entries()) {
    onProgress?.('photos', i, there.length);
    try {
      const bytes = await encodeThumbnail(files.get(id)!, PHOTO_SIDE);
      urls.set(id, `data:image/jpeg;base64,${Buffer.from(bytes).toString('base64')}`);
    } catch (error) {
      notes.push(messageOf(error));
    }
  }
  return urls;
}

/** Each model with the human stories of the photos that it told of, and people with all of these. */
function writersOf(runs: readonly RunReading[], told: readonly ToldStories[], human: HumanStories): Writer[] {
  const of = (keys: Iterable<string>): SequenceStory[] => [...new Set(keys)].flatMap((key) => human.get(key) ?? []);
  const sentences = (stories: readonly SequenceStory[]): (readonly string[])[] => stories.map((story) => story.sentences);
  const people = sentences(of(told.flatMap(({ stories }) => stories.map(sequenceKey))));
  return [
    ...told.map(({ run, stories }): Writer => ({ name: runs[run]!.name, run, stories: sentences(stories), human: sentences(of(stories.map(sequenceKey))) })),
    ...(people.length === 0 ? [] : [{ name: 'human', run: null, stories: people, human: [] }]),
  ];
}
