import { expect, test } from 'vitest';
import { TOKENIZERS } from '../../src/evaluation/tokenizers.ts';

test('tokenized text is split at ASCII white space alone, as Perl does on bytes', () => {
  expect(TOKENIZERS.whitespace(' the\tdog \u00a0 ran\u2003on <UNK> . \r')).toEqual(['the', 'dog', '\u00a0', 'ran\u2003on', '<UNK>', '.']);
  expect(TOKENIZERS.whitespace('  ')).toEqual([]);
});

// Tokens of sacreBLEU 2.6.0's Tokenizer13a. `.ci/python/check_bleu.py` compares 2,000 random texts.
test('13a', () => {
  expect(TOKENIZERS['13a']("The dog didn't go; it cost $3.50, at 10-12 o'clock.")).toEqual(
    ['The', 'dog', "didn't", 'go', ';', 'it', 'cost', '$', '3.50', ',', 'at', '10', '-', '12', "o'clock", '.'],
  );
  expect(TOKENIZERS['13a']('She said &quot;hi&quot; & left...')).toEqual(['She', 'said', '"', 'hi', '"', '&', 'left', '.', '.', '.']);
  expect(TOKENIZERS['13a']('well-\nknown\u00a0café\ufeff\u0085 ')).toEqual(['wellknown', 'café\ufeff']);
});
