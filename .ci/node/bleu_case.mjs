// Writes cases for check_bleu.py: seeded texts and what our BLEU and 13a tokenizer give for them.
// Use: node .ci/node/bleu_case.mjs FOLDER [DIST]   (DIST: folder of the compiled project, dist/ by default)
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, dist = 'dist'] = process.argv.slice(2);
if (!folder) throw new Error('use: bleu_case.mjs FOLDER [DIST]');
const load = (file) => import(pathToFileURL(resolve(dist, file)).href);
const { bleu, BleuCounts, sentenceBleu } = await load('evaluation/bleu.js');
const { BLEU_LINES } = await load('evaluation/bleuline.js');
const { TOKENIZERS } = await load('evaluation/tokenizers.js');
const { Random } = await load('core/random.js');

const WORDS = 'the a dog cat [male] <UNK> went to beach . , ! was and 3.5 1,000 it\'s didn\'t'.split(' ');
const PIECES = [
  'the', 'Dog', 'café', 'naïve', '日本', '🐶', ' ', ' ', ' ', ' ', '\u00a0', '\u2003', '\u0085', '\u001f', '\ufeff', '\t', '.', ',', '-', '3', '10', '1,000.5',
  '"', "'", '&quot;', '&amp;', '&lt;b&gt;', '&amp;quot;', '<skipped>', '!?', '(', ')', '[male]', '$', '%', '/', '\\', '^', '_', '`', '{|}~', '@', '#', '+', '*', ':', ';', '=', '…', '–', '-\n', '\n',
];
const random = new Random('bleu cases');
const some = (items, from, to) => Array.from({ length: from + random.int(to - from) }, () => random.pick(items));

const tokenized = Array.from({ length: 2000 }, () => {
  const text = some(PIECES, 1, 30).join('');
  return { text, tokens: TOKENIZERS['13a'](text) };
});

/** A hypothesis that shares stretches with its references. */
function segment(references, raw) {
  const make = () => (raw ? some(PIECES, 1, 25).join('').replaceAll('\n', ' ') : some(WORDS, 1, 25).join(' '));
  const texts = Array.from({ length: references }, make);
  const words = texts[0].split(' ');
  const from = random.int(words.length);
  return { hypothesis: [...some(WORDS, 0, 4), ...words.slice(from, from + 1 + random.int(9))].join(' '), references: texts };
}

const corpora = [];
for (let i = 0; i < 240; i++) {
  const [tokenizer, raw] = i % 2 === 0 ? ['whitespace', false] : ['13a', true];
  const segments = Array.from({ length: 1 + random.int(i < 120 ? 3 : 40) }, () => segment(1 + (i % 4), raw));
  const counts = new BleuCounts();
  const tokens = TOKENIZERS[tokenizer];
  for (const { hypothesis, references } of segments) counts.add(tokens(hypothesis), references.map(tokens));
  const scores = Object.fromEntries(['none', 'floor', 'add-k', 'exp'].map((smoothing) => [smoothing, bleu(counts, { smoothing })]));
  const sentences = segments.map(({ hypothesis, references }) => sentenceBleu(tokens(hypothesis), references.map(tokens)).bleu4);
  const lines = { sacrebleu: BLEU_LINES.sacrebleu(scores.exp), 'multi-bleu': BLEU_LINES['multi-bleu'](scores.none), 'vist-seq2seq': BLEU_LINES['vist-seq2seq'](bleu(counts, { brevityPenalty: false })) };
  corpora.push({ tokenizer, segments, scores, sentences, lines });
}

mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'bleu.json'), JSON.stringify({ tokenized, corpora }));
