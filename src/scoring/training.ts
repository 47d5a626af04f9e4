import { readReferences } from '../data/storytexts.ts';
import { NoveltyCheck } from '../evaluation/novelty.ts';
import type { Novelty } from '../evaluation/novelty.ts';

/**
 * Compares what systems wrote with the texts they were trained on, which are read once and not kept.
 * @param files training stories as references are given; of a .txt each line is a text
 * @param systems stories of each
 * @returns one a system; undefined without files
 */
export async function compareWithTraining(
  files: readonly string[],
  systems: readonly (readonly (readonly string[])[])[],
  onProgress?: (what: string, done: number, total: number) => void,
): Promise<Novelty[] | undefined> {
  if (files.length === 0) return undefined;
  const checks = systems.map((stories) => new NoveltyCheck(stories));
  for (const path of files) {
    const file = await readReferences(path, { text: 'whole' });
    const texts = file.kind === 'stories' ? file.stories.map(({ sentences }) => sentences) : file.lines.map((line) => [line]);
    for (const [i, sentences] of texts.entries()) {
      for (const check of checks) check.compare(sentences);
      if (i % 100 === 0) onProgress?.('reading training texts', i, texts.length);
    }
  }
  return checks.map((check) => check.result());
}
