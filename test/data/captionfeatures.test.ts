import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { captionFeatures } from '../../src/data/captionfeatures.ts';
import { featureFingerprint, openFeatures, writeFeatures } from '../../src/data/features.ts';
import { WordVectors } from '../../src/text/wordvectors.ts';

const vectors = new WordVectors(['dog', 'hat', 'the', 'male'], 2, Float32Array.of(1, 0, 3, 0, 100, 100, 5, 0));
const captions = [
  { photoId: '1', text: 'the dog' }, { photoId: '2', text: 'the Hat' }, { photoId: '1', text: 'a hat .' },
  { photoId: '3', text: '[male]' }, { photoId: '4', text: 'of the unheard-of' },
];

test('mean word vector without stop words, standardised over the training photos', () => {
  const features = captionFeatures(captions, vectors, { trainingPhotos: ['1', '2'] });
  expect(features.ids).toEqual(['1', '2', '3']);
  expect(features.without).toEqual(['4']);
  // Means 2, 3 and 5; over photos 1 and 2 the mean is 2.5 and the deviation 0.5. The second dimension is constant.
  expect([...features.embeddings]).toEqual([-1, 0, 1, 0, 5, 0]);
});

test('the file says that no pixels were seen, and other statistics are another fingerprint', async () => {
  const features = captionFeatures(captions, vectors);
  const path = join(await mkdtemp(join(tmpdir(), 'fabula-oracle-')), 'oracle.h5');
  await writeFeatures(path, features);
  const table = await openFeatures(path);
  expect(table.info!.cnn).toBe('oracle caption features, no pixels');
  expect(table.row('3')).toEqual(features.embeddings.subarray(4, 6));
  expect(featureFingerprint(captionFeatures(captions, vectors, { trainingPhotos: ['1', '2'] }).info)).not.toBe(table.fingerprint);
  expect(() => captionFeatures(captions, vectors, { trainingPhotos: ['9'] })).toThrow('none of the training photos');
});
