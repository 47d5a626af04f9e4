import fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitSentences } from '../../src/text/sentences.ts';

/** A bar stands where a sentence ends. */
test.each([
  ['He came. | She went.'],
  ['My dear Mr. Bennet, have you heard? | Mrs. Long says so.'],
  ['“Oh!” said he. | “Is it true?” cried his wife. | Nobody spoke.'],
  ['“Mr. Heathcliff?” I said. | A nod was the answer.'],
  ['"Stop!" Elizabeth quietly exclaimed. | "The engine will not!"'],
  ['“Is it true?” | Elizabeth replied that it was.'],
  ['“Are they gone yet?” | Then she began describing it.'],
  ['“I am here. | You are there,” he said, “and so it goes.” | “No!” | “Yes.”'],
  ['Well... perhaps not. | And . . . then? | Yes . . . I know.'],
  ['He waited… | Nobody came.'],
  ['J. R. Green and G. W. Clark met at 5 p.m. in the U.S. Senate. | They left at 6 p.m. | The rest stayed.'],
  ['She is taller than I. | He is not.'],
  ['It was no use. | No. | No. 5 was shut, e.g. at night.'],
  ['Apples, pears, etc. | Nobody ate them, i.e. We did not.'],
  ['It cost 3.50 in all. | 140 people paid!'],
  ['(He had gone home.) | [It was late.] | Really?!'],
  ['II. The falling star came down.'],
  ['Here comes St. John with Capt. Smith, Esq., and Co. | They sing.'],
  ['“Oh! Mary,” said she. | Oh! | I wish you had come! | “You villain!” I began to cry.'],
  ['Damn you all! she wants none of your tears!'],
  ["'Tis late. | 'Twas ever so. | ‘Food won’t last,’ I said."],
])('%s', (marked) => {
  expect(splitSentences(marked.replaceAll(' | ', ' '))).toEqual(marked.split(' | '));
});

test('no text gives no sentence, and text without a stop gives one', () => {
  expect(splitSentences('')).toEqual([]);
  expect(splitSentences('  \n ')).toEqual([]);
  expect(splitSentences('no stop at all')).toEqual(['no stop at all']);
});

test('nothing is lost but white space between sentences', () => {
  const piece = fc.constantFrom('Mr.', 'he', 'She', '. ', '! ', '? ', '… ', '. . . ', '”', '“', "'", '"', ' ', '--', 'I', 'p.m.', '5', '\n', '(', ')', '😀', 'é');
  fc.assert(fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
    const text = pieces.join('');
    expect(splitSentences(text).join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));
  }));
});

test('a long text without an end takes no longer than its length asks for', () => {
  const start = performance.now();
  splitSentences('a. '.repeat(40_000));
  splitSentences('.'.repeat(100_000));
  splitSentences(`${'word '.repeat(50_000)}.`);
  expect(performance.now() - start).toBeLessThan(3000);
});
