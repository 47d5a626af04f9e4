// Writes cases for check_classification.py: seeded data, and what our logistic regression, naive Bayes, AUC and correlations give for them.
// Use: node .ci/node/classification_case.mjs FOLDER [DIST]   (DIST: folder of the compiled project, dist/ by default)
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, dist = 'dist'] = process.argv.slice(2);
if (!folder) throw new Error('use: classification_case.mjs FOLDER [DIST]');
const load = (file) => import(pathToFileURL(resolve(dist, file)).href);
const { rocAuc, sameGroupAuc } = await load('evaluation/auc.js');
const { meanSquaredError, pearson, spearman } = await load('evaluation/correlation.js');
const { DenseFeatures } = await load('evaluation/featurematrix.js');
const { trainGenreClassifier } = await load('evaluation/genre.js');
const { fitDistributions, fitLogistic } = await load('evaluation/logistic.js');
const { proportion } = await load('evaluation/proportion.js');
const { Random } = await load('core/random.js');

const random = new Random('classification cases');
const normals = (count, scale = 1) => Float32Array.from({ length: count }, () => scale * random.normal());
const rowsOf = (data, columns) => Array.from({ length: data.length / columns }, (_, row) => Array.from(data.subarray(row * columns, (row + 1) * columns)));

/** Classes by a noisy linear rule. */
function labelled(rows, columns, classes, scale) {
  const data = normals(rows * columns, scale);
  const rule = Array.from({ length: classes }, () => normals(columns, 2 / scale));
  const labels = rowsOf(data, columns).map((row) => {
    const scores = rule.map((weights) => row.reduce((sum, value, i) => sum + value * weights[i], 4 * random.normal()));
    return scores.indexOf(Math.max(...scores));
  });
  return { data, labels };
}

const logistic = [];
for (const [rows, columns, classes, scale, strength] of [
  [200, 10, 2, 1, 1], [200, 10, 2, 1, 0.01], [150, 300, 2, 0.05, 64], [203, 10, 2, 5, 256], [300, 8, 5, 1, 1], [301, 120, 6, 0.1, 16], [250, 400, 3, 0.2, 0.5], [90, 5, 4, 10, 100],
]) {
  const { data, labels } = labelled(rows, columns, classes, scale);
  const weights = Float64Array.from(labels, () => 0.25 + random.uniform());
  const features = new DenseFeatures(data, columns);
  const options = { strength, tolerance: 1e-9, maxIterations: 10000 };
  const [plain, weighted] = [fitLogistic(features, labels, classes, options), fitLogistic(features, labels, classes, { ...options, weights })];
  logistic.push({
    features: rowsOf(data, columns), labels, classes, strength, weights: Array.from(weights),
    plain: Array.from(plain.probabilities(features)), weighted: Array.from(weighted.probabilities(features)), defaults: Array.from(fitLogistic(features, labels, classes, { strength }).predict(features)),
  });
}

// Shared targets: scikit-learn takes each row once a class, weighted by its share.
const shared = (() => {
  const [rows, columns, classes, strength] = [180, 12, 5, 3];
  const data = normals(rows * columns);
  const targets = Float64Array.from({ length: rows * classes }, () => 0);
  for (let row = 0; row < rows; row++) {
    const score = 4 * random.uniform();
    targets[row * classes + Math.floor(score)] = 1 - (score % 1);
    targets[row * classes + Math.floor(score) + 1] = score % 1;
  }
  const features = new DenseFeatures(data, columns);
  const model = fitDistributions(features, targets, classes, { strength, tolerance: 1e-9, maxIterations: 10000 });
  return { features: rowsOf(data, columns), targets: rowsOf(targets, classes), strength, probabilities: Array.from(model.probabilities(features)) };
})();

const auc = Array.from({ length: 60 }, (_, i) => {
  const rows = 2 + random.int(300);
  const scores = Array.from({ length: rows }, () => (i % 2 === 0 ? random.normal() : random.int(5)));
  const positive = Array.from({ length: rows }, (_, row) => (row === 0 ? 1 : row === 1 ? 0 : random.int(2)));
  return { scores, positive, auc: rocAuc(scores, positive) };
});

const groups = Array.from({ length: 10 }, (_, i) => {
  const [rows, size] = [20 + random.int(60), 1 + i * 3];
  const vectors = Float32Array.from({ length: rows * size }, () => (i % 2 === 0 ? random.normal() : 1 + random.int(2)));
  const names = Array.from({ length: rows }, () => `g${random.int(8)}`);
  return { vectors: rowsOf(vectors, size), names, result: sameGroupAuc(vectors, size, names) };
});

const correlations = Array.from({ length: 40 }, (_, i) => {
  const rows = 3 + random.int(200);
  const a = Array.from({ length: rows }, () => (i % 2 === 0 ? random.normal() : random.int(6)));
  const b = a.map((value) => value / 2 + (i % 4 < 2 ? random.normal() : random.int(3)));
  return { a, b, pearson: pearson(a, b), spearman: spearman(a, b), mse: meanSquaredError(a, b) };
});

const WORDS = Array.from({ length: 60 }, (_, i) => `w${i}`);
const genre = [];
for (const [genres, model, bigrams, balanced, value] of [
  [2, 'naive-bayes', false, true, 1], [2, 'naive-bayes', true, false, 0.1], [3, 'naive-bayes', true, true, 2], [2, 'logistic', false, true, 1], [2, 'logistic', true, false, 0.2], [4, 'logistic', false, true, 5],
]) {
  const texts = Array.from({ length: 150 }, () => {
    const k = Math.min(random.int(genres), random.int(genres + 1));
    return { genre: `genre${k}`, text: Array.from({ length: 1 + random.int(20) }, () => WORDS[(random.int(40) + 5 * k) % 60]).join(' ') };
  });
  const classifier = trainGenreClassifier(texts.slice(0, 100), { model, bigrams, balanced, alpha: value, strength: value });
  const told = texts.slice(100).map(({ text }) => classifier.classify(text));
  const { correct, total, low, high } = classifier.accuracy(texts.slice(100));
  genre.push({ model, bigrams, balanced, value, texts, scores: told.map(({ scores }) => classifier.genres.map((name) => scores[name])), genres: classifier.genres, accuracy: { correct, total, low, high } });
}

const intervals = [[0, 10], [10, 10], [75, 100], [1, 3], [390, 1000]].map(([correct, total]) => ({ correct, total, ...proportion(correct, total) }));

mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'classification.json'), JSON.stringify({ logistic, shared, auc, groups, correlations, genre, intervals }));
