import { expect, test } from 'vitest';
import { Random } from '../../../src/core/random.ts';
import type { Word } from '../../../src/evaluation/meteor/lexicon.ts';
import { SynonymIndex } from '../../../src/evaluation/meteor/synonymindex.ts';

function word(...sets: number[]): Word {
  return { text: '', key: 0, stem: 0, sets: Int32Array.from(sets), paraphraseId: -1, isFunctionWord: false };
}

test('what trying every word gives, text after text', () => {
  const random = new Random(1);
  const index = new SynonymIndex();
  const any = (most: number): Word => word(...Array.from({ length: random.int(6) }, () => random.int(most)));
  for (let round = 0; round < 50; round++) {
    const text = Array.from({ length: random.int(40) }, () => any(10 + 4 * round));
    index.fill(text);
    for (let i = 0; i < 20; i++) {
      const asked = any(300);
      const expected = text.flatMap(({ sets }, place) => (sets.some((set) => asked.sets.includes(set)) ? [place] : []));
      expect(index.find(asked)).toEqual(expected);
    }
  }
});
