import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readPassages, writeCorpus } from '../../src/data/books/corpus.ts';
import { readCaptions } from '../../src/data/captions/captionset.ts';
import { sourceSplit } from '../../src/data/captions/sourcesplit.ts';
import { openFeatures } from '../../src/data/features.ts';
import type { FeatureTable } from '../../src/data/features.ts';
import { trainGenreClassifier } from '../../src/evaluation/genre.ts';
import { rankScores, retrievalRanks } from '../../src/evaluation/retrieval.ts';
import { JointSpace } from '../../src/style/encoders/jointspace.ts';
import type { Learned } from '../../src/style/learn.ts';
import { learnStoryteller } from '../../src/style/learn.ts';
import { StyleStoryteller } from '../../src/style/storyteller.ts';

const DATA = fileURLToPath(new URL('../../../shared/data', import.meta.url));
const there = existsSync(DATA);
if (!there) console.log(`skipped: a storyteller from real photos, because ${DATA} is not there`);

/** The comparison's run on real data (experiments/compare), smaller: mean word vectors as encoder, parts of two novels, few epochs. */
describe.skipIf(!there)('a storyteller learned from real photos, captions and novels', () => {
  let work: string;
  let learned: Learned;
  let features: FeatureTable;
  let testPhotos: Awaited<ReturnType<typeof readCaptions>>['photos'];

  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), 'fabula-style-'));
    const { photos } = await readCaptions(join(DATA, 'coco/captions.json'));
    const split = sourceSplit(photos, { validation: 20, test: 80, seed: 1 });
    testPhotos = split.test;
    const entries = [...split.train.map((photo) => ({ ...photo, split: 'train' })), ...split.validation.map((photo) => ({ ...photo, split: 'validation' }))];
    await writeFile(join(work, 'captions.json'), JSON.stringify(entries));
    await mkdir(join(work, 'books'));
    for (const [genre, novel] of [['romance', 'pride_and_prejudice'], ['scifi', 'a_princess_of_mars']] as const) {
      const text = await readFile(join(DATA, 'texts', genre, `${novel}.txt`), 'utf8');
      await writeFile(join(work, 'books', `${genre}.txt`), text.slice(0, 300_000));
    }
    const words = { size: 100, vectors: join(DATA, 'glove') };
    learned = await learnStoryteller({
      out: join(work, 'out'),
      config: {
        photos: join(DATA, 'coco/images'), cnn: { file: join(DATA, 'cnn/efficientnet_lite0.onnx'), layer: 'pooled', preprocess: 'efficientnet-lite0' },
        captions: join(work, 'captions.json'), books: { romance: join(work, 'books/romance.txt'), scifi: join(work, 'books/scifi.txt') },
        encoder: { use: join(DATA, 'glove') },
        embedding: {
          settings: {
            data: { train: 'train', validation: 'validation', max_words: 30 }, training: { epochs: 10, batch: 64 }, optimizer: { learning_rate: 0.001 },
            model: { units: 128, embedding: words, photos: { normalise: 'standardise' }, dropout: { photos: 0.5 } },
          },
        },
        decoder: {
          settings: {
            data: { words: 3000, min_count: 2, max_words: 60 }, training: { epochs: 8, batch: 16, samples: 0 }, optimizer: { learning_rate: 0.003 },
            model: { units: 256, embedding: words, dropout: { output: 0.3 } },
          },
        },
      },
    });
    features = await openFeatures(join(work, 'out/features.h5'));
  }, 300_000);

  afterAll(async () => {
    features?.close();
    await rm(work, { recursive: true, force: true });
  });

  test('captions of photos that it has not seen are found far above chance, and photos by their captions', async () => {
    const joint = await JointSpace.open(learned.runs['embedding']!);
    const ids = testPhotos.map(({ file }) => file!.replace('.jpg', ''));
    const photos = await joint.photos(features.rows(ids), features);
    const captions = testPhotos.flatMap((photo) => photo.captions);
    const sentences = await joint.sentences(captions);
    const imageOf = testPhotos.flatMap((photo, i) => photo.captions.map(() => i));
    const ranks = retrievalRanks({ name: 'photos', data: photos, rows: ids.length, width: joint.size }, { name: 'captions', data: sentences, rows: captions.length, width: joint.size }, imageOf);
    await joint.dispose();
    const chance = 100 / ids.length;
    expect(rankScores(ranks.imageToSentence).recall1).toBeGreaterThan(5 * chance);
    expect(rankScores(ranks.sentenceToImage).recall1).toBeGreaterThan(5 * chance);
    expect(rankScores(ranks.sentenceToImage).medianRank).toBeLessThan(ids.length / 2 / 3);
  });

  test('passages told in a style are of its genre, to a classifier that knows novels which the decoder does not', async () => {
    const texts = [];
    for (const [genre, novel] of [['romance', 'wuthering_heights'], ['scifi', 'war_of_the_worlds']] as const) {
      const out = join(work, novel);
      await writeCorpus({ sources: [join(DATA, 'texts', genre, `${novel}.txt`)], out });
      for await (const text of readPassages(out)) texts.push({ text, genre });
    }
    const classifier = trainGenreClassifier(texts, { minDocuments: 3 });
    const storyteller = await StyleStoryteller.open(learned.storyteller);
    const ids = testPhotos.slice(0, 40).map(({ file }) => file!.replace('.jpg', ''));
    const vectors = await storyteller.featureVectors(features.rows(ids), features);
    const settings = { captions: 50, decoding: { beam: 5, min_words: 30, max_words: 50, length_penalty: 1 } };
    const shares: Record<string, number> = {};
    for (const style of ['romance', 'scifi', 'none']) {
      const told = await storyteller.tell(vectors, ids, style, settings);
      const romance = told.filter((passage) => 'tokens' in passage && classifier.classify(passage.tokens).genre === 'romance');
      shares[style] = romance.length / ids.length;
    }
    await storyteller.dispose();
    // Apart by far more than the photos allow; the full figures are in experiments/compare.
    expect(shares['romance']! - shares['scifi']!).toBeGreaterThan(0.4);
  }, 120_000);
});
