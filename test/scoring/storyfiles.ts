import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatPlainText, formatStoryLines } from '../../src/data/storyoutput.ts';
import type { StoryOutput } from '../../src/data/storyoutput.ts';
import { buildStories, writeStories } from '../../src/data/stories.ts';
import { readVistStories } from '../../src/data/vist.ts';
import { Vocabulary } from '../../src/text/vocabulary.ts';
import { vistFile } from '../data/vistfixture.ts';

/** What people told: two stories; "zebra" is outside the vocabulary. */
export const told = (story: string, i: number): string => (story === '1' ? `the dog ran ${i} .` : `a zebra went to the beach ${i} .`);

/** A model's stories of ids 1 and 2. */
export function stories(sentence: (story: string, i: number) => string): StoryOutput[] {
  return ['1', '2'].map((id) => ({ id, imageIds: [0, 1, 2, 3, 4].map((i) => `p${id}${i}`), sentences: [0, 1, 2, 3, 4].map((i) => sentence(id, i)) }));
}

/** Wrong in "went" for "ran" and `<UNK>` for "zebra". */
export const OUTPUTS = stories((id, i) => told(id, i).replace('zebra', '<UNK>').replace('ran', 'went'));

export interface StoryFiles {
  readonly folder: string;
  /** The path of a file in the folder. */
  at(name: string): string;
  write(name: string, content: string | Uint8Array): Promise<string>;
}

/**
 * A new folder with the human stories as val.json and val.h5, vocabulary.json, and the outputs as out.jsonl,
 * stories.txt (a story a line) and sentences.txt.
 */
export async function storyFiles(): Promise<StoryFiles> {
  const folder = await mkdtemp(join(tmpdir(), 'fabula-scoring-'));
  const at = (name: string): string => join(folder, name);
  const write = async (name: string, content: string | Uint8Array): Promise<string> => {
    await writeFile(at(name), content);
    return at(name);
  };
  await write('val.json', JSON.stringify(vistFile(['1', '2'], told)));
  const vocabulary = Vocabulary.fromCounts('the dog ran . a went to beach 0 1 2 3 4'.split(' ').map((word) => [word, 1] as const));
  await vocabulary.save(at('vocabulary.json'));
  await writeStories(at('val.h5'), buildStories(await readVistStories(at('val.json')), { vocabulary }).set);
  await write('out.jsonl', formatStoryLines(OUTPUTS));
  await write('stories.txt', formatPlainText(OUTPUTS, 'story'));
  await write('sentences.txt', formatPlainText(OUTPUTS, 'sentence'));
  return { folder, at, write };
}
