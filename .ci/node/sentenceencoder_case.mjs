// Writes cases for check_sentenceencoder.py: tokens of captions, of sentences from books and of odd texts, and the
// vectors that our ONNX sentence encoder gives, with the time it took.
// Use: node .ci/node/sentenceencoder_case.mjs FOLDER [DIST] [DATA]
// FOLDER/model comes from minilm_onnx.py; DATA is shared/data, DIST the folder of the compiled project.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';

const [folder, dist = 'dist', data = '../shared/data'] = process.argv.slice(2);
if (!folder) throw new Error('use: sentenceencoder_case.mjs FOLDER [DIST] [DATA]');
const load = (file) => import(pathToFileURL(resolve(dist, file)).href);
const { openOnnxEncoder } = await load('style/encoders/onnxencoder.js');
const { readSubwordTokenizer } = await load('style/encoders/subwords.js');
const { Random } = await load('core/random.js');

const PIECES = [
  ' ', ' ', '  ', '\t', '\n', '\u00a0', '\u2003', '\u0085', '\u200b', '\u200d', '\ufeff', '\u0000', '\ufffd', '\u00ad', '\u0301', '\u2028', '\ue000',
  'é', 'É', 'Ç', 'ß', 'İ', 'ı', 'ſ', 'ς', 'ǅ', 'ﬁ', 'Å', 'ŒUVRE', '…', '“', '”', '’', '—', '日本', '中', '🐶', '👨‍👩‍👧', '한글', 'हिन्दी', 'עִברית', 'العَربية',
  '$', '+', '=', '<', '^', '`', '``', "''", '|', '~', '€', '©', '°', '½', '²', '№', '[CLS]', '[SEP]', '[MASK]', '[UNK]', '[PAD]', '[male]', '[cls]',
  "don't", "did n't", 'U.S.A.', '3.14', '1,000', 'a'.repeat(101), 'x'.repeat(100), 'unaffable', 'the', 'Dog', 'constructor', '__proto__', 'toString',
];
const random = new Random('sentence encoder cases');
const odd = Array.from({ length: 3000 }, () => Array.from({ length: 1 + random.int(random.pick([4, 20, 400])) }, () => random.pick(PIECES)).join(random.int(2) ? ' ' : ''));
const texts = { odd, captions: captions(), books: books() };

function captions() {
  const file = join(data, 'coco', 'captions_val2017.json.gz');
  return existsSync(file) ? JSON.parse(gunzipSync(readFileSync(file))).annotations.map(({ caption }) => caption) : [];
}

/** 5,000 sentences of two novels, roughly split. */
function books() {
  const files = ['romance/pride_and_prejudice.txt', 'scifi/war_of_the_worlds.txt'].map((name) => join(data, 'texts', name)).filter(existsSync);
  return files.flatMap((file) => readFileSync(file, 'utf8').replace(/\s+/g, ' ').split(/(?<=[.!?]["”’]?) /).filter((text) => text.length > 3).slice(1000, 3500));
}

const encoder = await openOnnxEncoder(join(folder, 'model'), { device: 'cpu', threads: availableParallelism() });
const pieces = await readSubwordTokenizer(join(folder, 'model', 'vocab.txt'));
const cases = {};
for (const [name, sentences] of Object.entries(texts)) {
  const tokens = sentences.map((sentence) => encoder.tokens(sentence).ids);
  const fromPieces = sentences.map((sentence) => pieces.encode(sentence.trim(), encoder.maxLength).ids);
  // Of all, a run would take minutes.
  const encoded = sentences.slice(0, name === 'odd' ? 300 : 2000);
  await encoder.encode(encoded.slice(0, 64));
  const start = performance.now();
  const vectors = await encoder.encode(encoded);
  cases[name] = { sentences, tokens, sameFromPieces: JSON.stringify(tokens) === JSON.stringify(fromPieces), encoded: encoded.length, seconds: (performance.now() - start) / 1000 };
  writeFileSync(join(folder, `${name}.f32`), vectors);
}
const { size, pooling, normalise, maxLength } = encoder;
writeFileSync(join(folder, 'sentenceencoder.json'), JSON.stringify({ size, pooling, normalise, maxLength, threads: availableParallelism(), cases }));
await encoder.dispose();
