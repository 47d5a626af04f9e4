import { UserError } from '../core/errors.ts';
import { readHdf5, writeHdf5 } from '../io/hdf5.ts';
import type { Hdf5Reader } from '../io/hdf5.ts';
import { Vocabulary } from '../text/vocabulary.ts';
import { checkEmbeddingOrder } from './legacy.ts';
import type { StorySet } from './stories.ts';

/**
 * Writes a stories file: `story_ids` [N], `story_sentences` [N, P, S] int32, `image_ids` [N, P], `story_texts` [N, P],
 * `descriptions` [N, P] where there are some, `vocabulary` [V].
 */
export async function writeStories(path: string, set: StorySet): Promise<void> {
  const flat = [set.length, set.photos] as const;
  await writeHdf5(path, (file) => {
    file.attributes({ format: 'fabula stories', version: 1, vocabulary_sha256: set.vocabulary.fingerprint() });
    file.strings('story_ids', set.ids);
    file.numbers('story_sentences', set.sentences, [...flat, set.steps]);
    file.strings('image_ids', set.imageIds.flat(), flat);
    file.strings('story_texts', set.texts.flat(), flat);
    if (set.descriptions !== undefined) file.strings('descriptions', set.descriptions.flat(), flat);
    file.strings('vocabulary', set.vocabulary.words);
  });
}

/**
 * Reads a stories file, ours or VIST-seq2seq's `stories_to_index_*.hdf5`. The latter holds neither vocabulary nor
 * texts: give its vocabulary; texts are then the words of the ids.
 * @throws UserError when the file does not fit the vocabulary or its datasets do not fit each other
 */
export async function readStories(path: string, options: { vocabulary?: Vocabulary } = {}): Promise<StorySet> {
  return readHdf5(path, (file) => {
    const vocabulary = findVocabulary(file, options.vocabulary);
    const [length = 0, photos = 0, steps = 0] = checkedShape(file);
    const sentences = file.ints('story_sentences', { rank: 3 });
    checkIds(path, sentences, photos * steps, vocabulary);
    if (file.has('image_embeddings')) checkEmbeddingOrder(file);
    const ids = checkedStrings(file, 'story_ids', [length]);
    const table = (name: string): string[][] => rowsOf(checkedStrings(file, name, [length, photos]), photos);
    const texts = file.has('story_texts') ? table('story_texts') : decodeTexts(sentences, length, photos, steps, vocabulary);
    const set: StorySet = { length, photos, steps, ids, imageIds: table('image_ids'), sentences, texts, vocabulary };
    const described = file.has('descriptions') && file.shape('descriptions').length === 2;
    return described ? { ...set, descriptions: table('descriptions') } : set;
  });
}

function findVocabulary(file: Hdf5Reader, given: Vocabulary | undefined): Vocabulary {
  if (!file.has('vocabulary')) {
    if (given !== undefined) return given;
    throw new UserError(`${file.path}: it holds no vocabulary; give the vocabulary.json it was made with`);
  }
  const stored = new Vocabulary(file.strings('vocabulary', { rank: 1 }), `${file.path}: dataset vocabulary`);
  if (given !== undefined && given.fingerprint() !== stored.fingerprint()) {
    throw new UserError(`${file.path}: its vocabulary (${stored.size} words) is not the one given (${given.size} words); prepare the stories with that one`);
  }
  return stored;
}

function checkedShape(file: Hdf5Reader): number[] {
  const shape = file.shape('story_sentences');
  if (shape.length !== 3) {
    throw new UserError(`${file.path}: dataset story_sentences has shape [${shape.join(', ')}]; [stories, photos, steps] is needed`);
  }
  return shape;
}

function checkedStrings(file: Hdf5Reader, name: string, shape: readonly number[]): string[] {
  const found = file.shape(name);
  if (found.join() !== shape.join()) {
    throw new UserError(`${file.path}: dataset ${name} has shape [${found.join(', ')}]; story_sentences asks for [${shape.join(', ')}]`);
  }
  return file.strings(name);
}

function checkIds(path: string, sentences: Int32Array, width: number, vocabulary: Vocabulary): void {
  const place = sentences.findIndex((id) => id < 0 || id >= vocabulary.size);
  if (place < 0) return;
  const story = Math.floor(place / width);
  throw new UserError(`${path}: story_sentences[${story}] holds word ${sentences[place]}, but the vocabulary ends at ${vocabulary.size - 1}; give the vocabulary it was made with`);
}

function decodeTexts(sentences: Int32Array, length: number, photos: number, steps: number, vocabulary: Vocabulary): string[][] {
  const texts = Array.from({ length: length * photos }, (_, i) =>
    vocabulary.decode(sentences.subarray(i * steps, (i + 1) * steps)).join(' '));
  return rowsOf(texts, photos);
}

function rowsOf(flat: readonly string[], width: number): string[][] {
  return Array.from({ length: width === 0 ? 0 : flat.length / width }, (_, i) => flat.slice(i * width, (i + 1) * width));
}
