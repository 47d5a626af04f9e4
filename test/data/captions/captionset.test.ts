import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { UserError } from '../../../src/core/errors.ts';
import { readCaptions } from '../../../src/data/captions/captionset.ts';
import type { CaptionOptions } from '../../../src/data/captions/captionset.ts';
import { featureNames } from '../../../src/data/captions/photos.ts';

const folder = await mkdtemp(join(tmpdir(), 'fabula-captions-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Writes a file, compressed where its name says so, and returns its path. */
async function put(name: string, content: unknown): Promise<string> {
  const path = join(folder, name);
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, name.endsWith('.gz') ? gzipSync(text) : text);
  return path;
}

/** Expects one line that begins with the file's path and goes on as given. */
async function refused(paths: string | readonly string[], says: string | RegExp, options?: CaptionOptions): Promise<void> {
  const error = await readCaptions(paths, options).then(() => undefined, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  const { message } = error as UserError;
  expect(message).not.toContain('\n');
  const first = typeof paths === 'string' ? paths : paths[0]!;
  if (typeof says === 'string') expect(message).toBe(`${first}${says}`);
  else expect(message).toMatch(says);
}

const COCO = {
  info: {},
  images: [{ id: 139, file_name: '000000000139.jpg' }, { id: 7, file_name: '000000000007.jpg' }, { id: 8, file_name: '000000000008.jpg', split: 'val' }],
  annotations: [{ id: 1, image_id: 8, caption: 'A bus.\n' }, { id: 2, image_id: 139, caption: ' A room  with\nchairs ' }, { id: 3, image_id: 8, caption: 'Two buses' }],
};

test('COCO annotations, plain and compressed: photos in the order of images, those without captions left out', async () => {
  for (const name of ['coco.json', 'coco.json.gz']) {
    const path = await put(name, COCO);
    expect(await readCaptions(path)).toEqual({
      path, format: 'coco', photos: [
        { id: '139', file: '000000000139.jpg', captions: ['A room with chairs'] },
        { id: '8', file: '000000000008.jpg', split: 'validation', captions: ['A bus.', 'Two buses'] },
      ],
    });
    expect((await readCaptions(path, { split: 'dev' })).photos.map(({ id }) => id)).toEqual(['8']);
  }
  expect(featureNames({ id: '139', file: 'val/000000000139.jpg', captions: [] })).toEqual(['139', '000000000139']);
  expect(featureNames({ id: 'a', file: 'a.jpg', captions: [] })).toEqual(['a']);
});

test('a damaged COCO file is named with its field', async () => {
  const [image] = COCO.images;
  const damaged = (annotations: unknown) => put('damaged.json', { images: [image], annotations });
  await refused(await damaged([{ image_id: 139 }]), ': annotations[0].caption: expected a string, found nothing; expected COCO captions');
  await refused(await damaged([{ image_id: null, caption: 'x' }]), /annotations\[0\]\.image_id: expected a string or a whole number, found null/);
  await refused(await damaged([{ image_id: 139, caption: 'x' }, { image_id: 140, caption: 'y' }]), /annotations\[1\]\.image_id: 140 is none of the 1 images/);
  await refused(await damaged([{ image_id: 139, caption: ' ' }]), ': annotations[0].caption: the caption is empty; write one, or take its entry out');
  await refused(await damaged([]), ': there is no caption in it; give a file with captions of photos');
  await refused(await put('cut.json', JSON.stringify(COCO).slice(0, -5)), /cut\.json: captions are not valid JSON: /);
  await refused(await put('other.json', { stories: [] }), /other\.json: no structure of captions that is known; expected COCO captions \(images and annotations\), VIST/);
  await refused(await put('number.json', 5), /no structure of captions/);
});

test('a list of photos with captions, as with the shared COCO photos', async () => {
  const path = await put('list.json', [{ id: 285, file: '000000000285.jpg', captions: ['A bear.', 'A big bear'], license: 'x' }]);
  expect((await readCaptions(path)).photos).toEqual([{ id: '285', file: '000000000285.jpg', captions: ['A bear.', 'A big bear'] }]);
  await refused(await put('list2.json', [{ id: 1, captions: 'A bear' }]), /list2\.json: \[0\]\.captions: expected a list, found "A bear"/);
  await refused(await put('list3.json', [{ id: 1, captions: ['a'] }, { id: '1', captions: ['b'] }]), ': [1].id: 1 is there twice; give each photo one entry');
});

const vist = (...captions: [string, string][]) => ({ type: 'vist', images: [], annotations: captions.map(([photo_flickr_id, text]) => [{ photo_flickr_id, text }]) });

test('VIST descriptions; files of several splits are put together and captions of one photo come together', async () => {
  const one = await put('a.description-in-isolation.json', vist(['11', 'a lake .'], ['12', 'a dog .'], ['11', 'a blue lake .']));
  const two = await put('b.description-in-isolation.json', vist(['12', 'a puppy .'], ['13', 'a cat .']));
  const { path, photos } = await readCaptions([one, two]);
  expect(path).toBe(`${one}, ${two}`);
  expect(photos).toEqual([
    { id: '11', captions: ['a lake .', 'a blue lake .'] }, { id: '12', captions: ['a dog .', 'a puppy .'] }, { id: '13', captions: ['a cat .'] },
  ]);
  await refused(await put('v.json.gz', vist(['1', 'x'])), ': VIST descriptions are read uncompressed; run gunzip on the file first');
  await refused(await put('v.json', { type: 'vist', annotations: [[{ photo_flickr_id: '1' }]] }), /annotations\[0\]\[0\]\.text: expected a string/);
});

test('NeuralTalk\'s dataset.json: raw or tokens, split, cocoid', async () => {
  const path = await put('dataset.json', {
    dataset: 'flickr8k',
    images: [
      { sentids: [0], imgid: 0, split: 'restval', filename: 'a_1.jpg', sentences: [{ tokens: ['a', 'dog'], raw: 'A dog .', imgid: 0 }, { tokens: ['two', 'dogs'] }] },
      { split: 'test', filepath: 'val2014', filename: 'COCO_9.jpg', cocoid: 9, sentences: [{ raw: 'A cat' }] },
    ],
  });
  expect((await readCaptions(path)).photos).toEqual([
    { id: 'a_1', file: 'a_1.jpg', split: 'restval', captions: ['A dog .', 'two dogs'] },
    { id: '9', file: 'val2014/COCO_9.jpg', split: 'test', captions: ['A cat'] },
  ]);
  expect((await readCaptions(path, { split: 'restval' })).photos).toHaveLength(1);
  await refused(path, `: split "tst": did you mean test? there are restval, test`, { split: 'tst' });
  await refused(await put('dataset2.json', { images: [{ filename: 'a.jpg', sentences: [{ raw: 'x' }, {}] }] }), ': images[0].sentences[1]: neither raw nor tokens; each sentence needs one of them');
});

test('Flickr8k\'s token file with its lists of splits, its odd entry included', async () => {
  const path = await put('f8k/Flickr8k.token.txt', [
    'a_1.jpg#0\tA child in a # 28 shirt .', 'a_1.jpg#1\tA girl .', 'b_2.jpg.1#0\tpeople waiting', 'b_2.jpg#1\tPeople .', 'c.jpg#0\tA cat .', '',
  ].join('\r\n'));
  await put('f8k/Flickr_8k.trainImages.txt', 'a_1.jpg\n');
  await put('f8k/Flickr_8k.devImages.txt', 'b_2.jpg\n\n');
  await put('f8k/other.testImages.txt', 'of another set.jpg\n');
  expect((await readCaptions(path)).photos).toEqual([
    { id: 'a_1', file: 'a_1.jpg', split: 'train', captions: ['A child in a # 28 shirt .', 'A girl .'] },
    { id: 'b_2', file: 'b_2.jpg', split: 'validation', captions: ['people waiting', 'People .'] },
    { id: 'c', file: 'c.jpg', captions: ['A cat .'] },
  ]);
  expect((await readCaptions(path, { split: 'val' })).photos.map(({ id }) => id)).toEqual(['b_2']);

  await put('f8k/Flickr_8k.testImages.txt', 'c.jpg\nlost.jpg\n');
  await refused(path, new RegExp(`testImages\\.txt: line 2: lost\\.jpg has no caption in ${path}`));
  await put('f8k/Flickr_8k.testImages.txt', 'c.jpg\na_1.jpg\n');
  await refused(path, /trainImages\.txt: line 1: photo a_1 is in test and in train; leave it in one split$/);
  await refused(await put('bad.token', 'a.jpg#0\tA dog .\na.jpg#1 A dog without a tab .\n'), ': line 2: expected a photo\'s file, #, a number, a tab and the caption, found "a.jpg#1 A dog without a tab ."');
  await refused(await put('empty.token', 'a.jpg#0\tA dog .\na.jpg#1\t\n'), ': line 2: the caption is empty; write one, or take its entry out');
});

test('parallel lines: line n of every file is about the same photo', async () => {
  const files = [await put('m30k/train.1.en.gz', 'Two men.\nA dog.\n'), await put('m30k/train.2.en.gz', 'Two guys.\n\n'), await put('m30k/train.3.en', 'Friends.\nA puppy.')];
  const { format, photos } = await readCaptions(files);
  expect(format).toBe('lines');
  expect(photos).toEqual([{ id: 'line 1', captions: ['Two men.', 'Two guys.', 'Friends.'] }, { id: 'line 2', captions: ['A dog.', 'A puppy.'] }]);
  const short = await put('m30k/short.en', 'One.\n');
  await refused([files[0]!, short], ` has 2 lines and ${short} has 1; line n of each must be about the same photo`);
  await refused([await put('m30k/x.en', 'a\n\n'), files[1]!], ': line 2: the caption is empty here and in the files beside it; write one, or take the line out');
  await refused([short, short], ': given twice; name each file of captions once');
});

test('plain text: a caption a line, a photo a line', async () => {
  const path = await put('plain.txt', '\ufeffA dog.\r\nEin Ha\u0301user.\r\n');
  expect((await readCaptions(path)).photos).toEqual([{ id: 'line 1', captions: ['A dog.'] }, { id: 'line 2', captions: ['Ein Ha\u0301user.'] }]);
  await refused(await put('gap.txt', 'A dog.\n\nA cat.\n'), ': line 2: the caption is empty; write one, or take the line out');
  await refused(path, /its photos are in no split, so there is none called test/, { split: 'test' });
});

test('visual-semantic-embedding\'s caps: five lines a photo, the split in the name', async () => {
  const lines = (n: number) => Array.from({ length: n }, (_, i) => `caption ${i}`).join('\n');
  const train = await put('f8k_train_caps.txt', lines(10));
  const dev = await put('f8k_dev_caps.txt', `${lines(5)}\n`);
  const { format, photos } = await readCaptions([train, dev]);
  expect(format).toBe('vse');
  expect(photos.map(({ id, split, captions }) => [id, split, captions.length, captions[0]])).toEqual([
    ['f8k_train:0', 'train', 5, 'caption 0'], ['f8k_train:1', 'train', 5, 'caption 5'], ['f8k_dev:0', 'validation', 5, 'caption 0'],
  ]);
  await refused(await put('x_test_caps.txt', lines(7)), /x_test_caps\.txt: 7 lines; a _caps\.txt file holds 5 captions a photo/);
});

test('CSV with image and caption, also under the name captions.txt', async () => {
  const content = 'image,caption\na.jpg,A dog .\nb.jpg,"A ""big"" cat , asleep ."\na.jpg,Two dogs .\n';
  for (const name of ['c.csv', 'captions.txt']) {
    const { format, photos } = await readCaptions(await put(name, content));
    expect(format).toBe('csv');
    expect(photos).toEqual([{ id: 'a', file: 'a.jpg', captions: ['A dog .', 'Two dogs .'] }, { id: 'b', file: 'b.jpg', captions: ['A "big" cat , asleep .'] }]);
  }
  expect((await readCaptions(await put('s.csv', 'image,split,caption\na.jpg,val,A dog\n'))).photos[0]!.split).toBe('validation');
  await refused(await put('d.csv', 'file,text\na.jpg,x\n'), ': line 1: no column image, caption; it has file, text');
  await refused(await put('e.csv', 'image,caption\na.jpg,A dog, a cat\n'), /e\.csv: not valid CSV: .*line 2/);
  await refused(await put('f.csv', 'image,caption\na.jpg,x\nb.jpg,\n'), ': row 2 below the header: caption: the caption is empty; write one, or take its entry out');
});

test('files that are missing, empty, cut short, in another encoding or of another kind', async () => {
  await refused(join(folder, 'none.txt'), ': cannot read captions: no such file or folder');
  await refused(folder, ': cannot read captions: it is a folder');
  await refused(await put('empty.txt', ''), ': the file is empty; captions are needed');
  await writeFile(join(folder, 'cut.txt.gz'), gzipSync('A dog.\n'.repeat(500)).subarray(0, 30));
  await refused(join(folder, 'cut.txt.gz'), /the compressed file is cut short or damaged/);
  await writeFile(join(folder, 'latin1.txt'), Buffer.from('A dog.\nA caf\u00e9.\n', 'latin1'));
  await refused(join(folder, 'latin1.txt'), ': line 2 is not valid UTF-8; save the file as UTF-8');
  await refused(await put('stories.jsonl', '{"id": 1}\n'), /not a file of captions that is known/);
  const text = await put('t.txt', 'A dog.\n');
  const coco = await put('c.json', COCO);
  await refused([coco, text], ` has the format coco and ${text} lines; give files of one format`);
  await expect(readCaptions([])).rejects.toThrow('no file is given');
});
