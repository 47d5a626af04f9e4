// Writes cases for check_coco.py: seeded texts and, where ../shared/data/metrics is, its two runs, each with our ROUGE-L,
// CIDEr, CIDEr-D and BLEU counts; document frequencies as a file.
// Use: node .ci/node/coco_case.mjs FOLDER [DIST]   (DIST: folder of the compiled project, dist/ by default)
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, dist = 'dist'] = process.argv.slice(2);
if (!folder) throw new Error('use: coco_case.mjs FOLDER [DIST]');
const load = (file) => import(pathToFileURL(resolve(dist, file)).href);
const { bleu, BleuCounts } = await load('evaluation/bleu.js');
const { ciderMetric } = await load('evaluation/cider.js');
const { DocumentFrequencies } = await load('evaluation/documentfrequencies.js');
const { ROUGE_L } = await load('evaluation/rouge.js');
const { TOKENIZERS } = await load('evaluation/tokenizers.js');
const { writeDocumentFrequencies } = await load('data/documentfrequencies.js');
const { Random } = await load('core/random.js');

const SHARED = '../shared/data/metrics';
const WORDS = 'the a dog cat [male] <UNK> went to beach . , ! was and 3.5 it\'s café 日本 home we had fun'.split(' ');
const random = new Random('coco cases');
const some = (items, from, to) => Array.from({ length: from + random.int(to - from) }, () => random.pick(items));

/** Mostly sentences; now and then no word at all, one, or a long story of few words. */
function words() {
  const kind = random.int(12);
  if (kind === 0) return [];
  if (kind === 1) return some(WORDS, 1, 2);
  return some(kind === 2 ? WORDS.slice(0, 3) : WORDS, 2, kind === 3 ? 90 : 20);
}

/** A hypothesis that shares a stretch with a reference, is one, or has nothing to do with them. */
function segment(references) {
  const texts = Array.from({ length: references }, words);
  const source = random.pick(texts);
  const from = random.int(source.length + 1);
  const hypothesis = [words(), source, [...some(WORDS, 0, 4), ...source.slice(from, from + 1 + random.int(9))]][random.int(3)];
  return { hypothesis: hypothesis.join(' '), references: texts.map((text) => text.join(' ')) };
}

function measured({ hypothesis, references }) {
  const tokens = TOKENIZERS.whitespace;
  return { hypothesis, references, tokens: { hypothesis: tokens(hypothesis), references: references.map(tokens) } };
}

/** A metric of one column, of the corpus and of every segment. */
function scored(metric, segments) {
  const sums = new Float64Array(metric.width);
  const each = segments.map((item) => {
    const own = new Float64Array(metric.width);
    metric.measure(item, own);
    own.forEach((value, i) => (sums[i] += value));
    return metric.segmentScore(own)[0];
  });
  return { corpus: metric.score(sums)[0], segments: each };
}

/** @param others document frequencies of another corpus */
function corpus(name, texts, others) {
  const segments = texts.map(measured);
  const frequencies = new DocumentFrequencies({ tokenizer: 'whitespace' });
  const counts = new BleuCounts();
  for (const { tokens } of segments) {
    frequencies.add(tokens.references);
    counts.add(tokens.hypothesis, tokens.references);
  }
  const { matches, totals, hypothesisWords, referenceWords, bleu1, bleu2, bleu3, bleu4 } = { ...counts, ...bleu(counts) };
  const scores = {
    'ROUGE-L': scored(ROUGE_L, segments),
    'CIDEr-D': scored(ciderMetric(frequencies, { variant: 'CIDEr-D' }), segments),
    CIDEr: scored(ciderMetric(frequencies, { variant: 'CIDEr' }), segments),
  };
  if (others) for (const variant of ['CIDEr-D', 'CIDEr']) scores[`${variant} other`] = scored(ciderMetric(others, { variant }), segments);
  return { frequencies, written: { name, texts, scores, bleu: { matches, totals, hypothesisWords, referenceWords, scores: [bleu1, bleu2, bleu3, bleu4] } } };
}

mkdirSync(folder, { recursive: true });
const base = corpus('frequencies', Array.from({ length: 60 }, () => segment(3)));
await writeDocumentFrequencies(join(folder, 'frequencies.jsonl.gz'), base.frequencies);
const corpora = [base.written];
for (let i = 0; i < 200; i++) {
  const references = i % 10 === 9 ? 40 : 1 + (i % 5);
  const texts = Array.from({ length: i % 7 === 0 ? 1 : 2 + random.int(i % 10 === 9 ? 4 : 30) }, () => segment(references));
  corpora.push(corpus(`seeded ${i}`, texts, base.frequencies).written);
}
if (existsSync(SHARED)) {
  const lines = (file) => readFileSync(join(SHARED, file), 'utf8').replace(/\n$/, '').split('\n');
  const references = lines('references.story.valid.txt');
  for (const run of ['run-a', 'run-b']) {
    const texts = lines(`${run}/hypotheses.story.valid.txt`).map((hypothesis, i) => ({ hypothesis, references: [references[i]] }));
    corpora.push(corpus(run, texts).written);
  }
}
writeFileSync(join(folder, 'coco.json'), JSON.stringify({ corpora }));
