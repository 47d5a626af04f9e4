import { expect, test } from 'vitest';
import { doubleQuotes } from '../../../src/data/books/quotes.ts';

test.each([
  ["'Mr. Heathcliff?' I said.", '“Mr. Heathcliff?” I said.'],
  ["'It's mine,' he said, 'and the boys' too.'", "“It's mine,” he said, “and the boys' too.”"],
  ["The 'walk in' was uttered; 'Tis late, 'twas said.", "The “walk in” was uttered; 'Tis late, 'twas said."],
  ['‘Food won’t last this way,’ I said.', '“Food won’t last this way,” I said.'],
  ["'He goes on in the next paragraph.", '“He goes on in the next paragraph.'],
  ["the dogs' and the cats' tails", "the dogs' and the cats' tails"],
  ['“She said ‘yes’ to him.”', '“She said ‘yes’ to him.”'],
  ['"I don\'t," he said.', '"I don\'t," he said.'],
  ['😀 \'Yes,\' she said.', '😀 “Yes,” she said.'],
  ['She said “he told me ‘no’ once.”', 'She said “he told me ‘no’ once.”'],
  ['no quotes', 'no quotes'],
])('%s', (text, expected) => {
  expect(doubleQuotes(text)).toBe(expected);
});
