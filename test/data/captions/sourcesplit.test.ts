import { expect, test } from 'vitest';
import { captionCorpus, captionCorpusText } from '../../../src/data/captions/captioncorpus.ts';
import { sourceSplit } from '../../../src/data/captions/sourcesplit.ts';
import type { CaptionedPhoto } from '../../../src/data/captions/photos.ts';

const PHOTOS: CaptionedPhoto[] = Array.from({ length: 50 }, (_, i) => ({ id: String(i), captions: [`photo ${i} .`, `again ${i}`] }));
const ids = (photos: readonly CaptionedPhoto[]): string[] => photos.map(({ id }) => id);

test('photos are divided whole, each into one part, in the order of the file', () => {
  const { train, validation, test: held } = sourceSplit(PHOTOS, { validation: 7, test: 5, seed: 3 });
  expect([train.length, validation.length, held.length]).toEqual([38, 7, 5]);
  expect(new Set(ids([...train, ...validation, ...held])).size).toBe(50);
  for (const part of [train, validation, held]) expect(ids(part)).toEqual([...ids(part)].sort((a, b) => Number(a) - Number(b)));
  expect(validation[0]!.captions).toHaveLength(2);
});

test('equal seeds divide alike, whatever the order of the file or the size of train; another seed otherwise', () => {
  const sizes = { validation: 10, test: 10 };
  const first = sourceSplit(PHOTOS, sizes);
  const turned = sourceSplit([...PHOTOS].reverse(), { ...sizes, train: 12 });
  for (const part of ['validation', 'test'] as const) expect(ids(turned[part]).sort()).toEqual(ids(first[part]).sort());
  expect(turned.train).toHaveLength(12);
  expect(ids(first.train)).toEqual(expect.arrayContaining(ids(turned.train)));
  expect(ids(sourceSplit(PHOTOS, { ...sizes, seed: 1 }).test)).not.toEqual(ids(first.test));
});

test('sizes that do not fit, and photos that are there twice, are one line', () => {
  expect(() => sourceSplit(PHOTOS, { validation: 30, test: 30 })).toThrow('50 photos cannot be divided into some for training, 30 for validation and 30 for testing; give smaller sizes or more photos');
  expect(() => sourceSplit(PHOTOS, { train: 31, validation: 10, test: 10 })).toThrow('into 31 for training');
  expect(() => sourceSplit(PHOTOS, { validation: 1.5, test: 1 })).toThrow('validation 1.5: give a whole number of photos, 0 or more');
  expect(() => sourceSplit(PHOTOS, { validation: -1, test: 1 })).toThrow('validation -1');
  expect(() => sourceSplit([...PHOTOS, PHOTOS[4]!], { validation: 1, test: 1 })).toThrow('photo 4 is there twice');
});

test('a photo\'s captions are one block, tokenised', () => {
  const photos = [{ id: 'a', captions: ["A man's dog, asleep.", 'Dogs'] }, { id: 'b', captions: ['Two cats.'] }];
  expect([...captionCorpus(photos)]).toEqual([["a man 's dog , asleep .", 'dogs'], ['two cats .']]);
  expect([...captionCorpusText(photos)].join('')).toBe("a man 's dog , asleep .\ndogs\n\ntwo cats .\n");
});

test('the corpus is streamed: nothing is read ahead of what is asked for', () => {
  let read = 0;
  const endless = (function* (): Generator<CaptionedPhoto> {
    for (;;) yield { id: String(read++), captions: ['A dog.'] };
  })();
  const blocks = captionCorpus(endless);
  blocks.next();
  expect(blocks.next().value).toEqual(['a dog .']);
  expect(read).toBe(2);
});
