import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import { openFeatures } from '../../src/data/features.ts';
import { bookText } from '../../src/data/storybook/books.ts';
import { STYLES } from '../../src/data/storybook/styles.ts';
import { trainGenreClassifier } from '../../src/evaluation/genre.ts';
import { addBlend, addStyle } from '../../src/style/addstyle.ts';
import { captionTexts } from '../../src/style/buildstyle.ts';
import { JointSpace } from '../../src/style/encoders/jointspace.ts';
import { openSentenceEncoder } from '../../src/style/encoders/open.ts';
import type { Moderator } from '../../src/style/moderation.ts';
import { PassageDecoder } from '../../src/style/passagedecoder.ts';
import { POSTPROCESSING } from '../../src/style/postprocess.ts';
import type { OpenStyleOptions, StyledPassage } from '../../src/style/storyteller.ts';
import { StyleStoryteller } from '../../src/style/storyteller.ts';
import { decoderFolder, encoderFolder, findStyle } from '../../src/style/storytellerfolder.ts';
import type { StyleTellingSettings } from '../../src/style/tellingoptions.ts';
import { styleTellingSchema } from '../../src/style/tellingoptions.ts';
import { tokenize } from '../../src/text/tokenizer.ts';
import type { TinyStoryteller } from './tinystoryteller.ts';
import { FILTER, GENRES, RUNTIME, tinyStoryteller } from './tinystoryteller.ts';

// Sessions are opened in every test, which takes long where other tests keep the cores busy.
vi.setConfig({ testTimeout: 30_000 });

const K = 7;
const SETTINGS = { captions: K, decoding: { beam: 5, min_words: 6, max_words: 16 } } as const satisfies StyleTellingSettings;

let tiny: TinyStoryteller;
let storyteller: StyleStoryteller;
/** Of the photos, in the joint space. */
let vectors: Float32Array[];

beforeAll(async () => {
  tiny = await tinyStoryteller({ learned: true });
  storyteller = await StyleStoryteller.open(tiny.storyteller, { runtime: RUNTIME });
  vectors = await storyteller.photoVectors(tiny.photos);
}, 120_000);

afterAll(() => storyteller?.dispose());

/** Passages of the first photos in a style. */
async function tell(style: string, { settings = SETTINGS as StyleTellingSettings, count = tiny.photos.length, teller = storyteller } = {}): Promise<StyledPassage[]> {
  const told = await teller.tell(vectors.slice(0, count), tiny.photos.slice(0, count), style, settings);
  return told.map((passage) => {
    if (passage instanceof UserError) throw passage;
    return passage;
  });
}

/** The same, with what decoders were given: a vector a photo. */
async function toldFrom(style: string, settings: StyleTellingSettings = SETTINGS): Promise<number[][]> {
  const decode = vi.spyOn(PassageDecoder.prototype, 'tell');
  try {
    await tell(style, { settings });
    return rows(decode.mock.calls[0]![0], storyteller.head.encoder.size);
  } finally {
    decode.mockRestore();
  }
}

function rows(data: Float32Array, size: number): number[][] {
  return Array.from({ length: data.length / size }, (_, i) => Array.from(data.subarray(i * size, (i + 1) * size)));
}

const mean = (vectors: readonly number[][]): number[] => vectors[0]!.map((_, i) => vectors.reduce((sum, vector) => sum + vector[i]!, 0) / vectors.length);
const combined = (...parts: readonly (readonly [number, readonly number[]])[]): number[] => parts[0]![1].map((_, i) => parts.reduce((sum, [weight, vector]) => sum + weight * vector[i]!, 0));

function expectClose(found: readonly (readonly number[])[], wanted: readonly (readonly number[])[]): void {
  expect(found.length).toBe(wanted.length);
  for (const [i, row] of found.entries()) for (const [j, x] of row.entries()) expect(Math.abs(x - wanted[i]![j]!), `row ${i}, number ${j}`).toBeLessThan(2e-6);
}

test('captions are the k nearest of the joint space, by brute force', async () => {
  const joint = await JointSpace.open(tiny.embedding, RUNTIME);
  const texts = [...new Set(await captionTexts([tiny.captions]))];
  const sentences = rows(await joint.sentences(texts), joint.size);
  await joint.dispose();
  const told = await tell('none');
  expect(told).toHaveLength(25);
  for (const [i, { captions }] of told.entries()) {
    const scores = sentences.map((sentence) => sentence.reduce((sum, x, j) => sum + x * vectors[i]![j]!, 0));
    const best = scores.map((score, row) => ({ score, row })).sort((a, b) => b.score - a.score || a.row - b.row).slice(0, K);
    expect(captions.map(({ text, row }) => [row, text])).toEqual(best.map(({ row }) => [row, texts[row]]));
    for (const [j, { score }] of captions.entries()) expect(score).toBeCloseTo(best[j]!.score, 5);
  }
});

test('told from mean(encode(k captions)) - c + b, each recomputed from the encoder', async () => {
  const encoder = await openSentenceEncoder(tiny.encoder, RUNTIME);
  const encode = async (texts: readonly string[]): Promise<number[][]> => rows(await encoder.encode(texts), encoder.size);
  const captions = [...new Set(await captionTexts([tiny.captions]))];
  const c = mean(await encode(captions));
  const lines = async (genre: (typeof GENRES)[number]): Promise<string[]> => (await readFile(tiny.passages[genre], 'utf8')).split('\n').filter((line) => line.length > FILTER.longer_than);
  const [fairytale, logbook] = [mean(await encode(await lines('fairytale'))), mean(await encode(await lines('logbook')))];
  const means: number[][] = [];
  for (const { captions } of await tell('none')) means.push(mean(await encode(captions.map(({ text }) => text))));
  await encoder.dispose();
  expect(encoder.size).toBe(16);

  const shifted = (b: readonly number[], strength = 1): number[][] => means.map((vector) => combined([1, vector], [-strength, c], [strength, b]));
  expectClose(await toldFrom('fairytale'), shifted(fairytale));
  expectClose(await toldFrom('logbook'), shifted(logbook));
  expectClose(await toldFrom('none'), means);
  expectClose(await toldFrom('logbook', { ...SETTINGS, strength: 0 }), means);
  expectClose(await toldFrom('logbook', { ...SETTINGS, strength: 0.5 }), shifted(logbook, 0.5));
  expectClose(await toldFrom('mixed'), shifted(combined([0.75, fairytale], [0.25, logbook])));
  // More captions than there are: the mean of all, so that a style is told from b itself.
  expectClose(await toldFrom('fairytale', { ...SETTINGS, captions: 1000 }), means.map(() => fairytale));
});

test('the style shifts: one decoder of both genres tells each in its own wording, and without the shift not', async () => {
  // The classifier reads other text: books of another seed.
  const books = GENRES.flatMap((genre) => [...bookText(STYLES[genre], { seed: 99, passages: 120 })].join('\n').split('\n\n').map((text) => ({ text: tokenize(text), genre })));
  const classifier = trainGenreClassifier(books);
  const told = await Promise.all(GENRES.map(async (genre) => (await tell(genre)).map(({ tokens }) => ({ text: tokens, genre }))));
  for (const passages of told) {
    expect(passages.every(({ text }) => text.length >= 6)).toBe(true);
    expect(classifier.accuracy(passages).accuracy).toBeGreaterThanOrEqual(0.75);
  }
  // Strength 0 tells the same whatever the style: what is right for the one is wrong for the other.
  const control = await Promise.all(GENRES.map(async (genre) => (await tell(genre, { settings: { ...SETTINGS, strength: 0 } })).map(({ tokens }) => ({ text: tokens, genre }))));
  expect(control[0]!.map(({ text }) => text)).toEqual(control[1]!.map(({ text }) => text));
  expect(control[0]!.map(({ text }) => text)).toEqual((await tell('none')).map(({ tokens }) => tokens));
  expect(classifier.accuracy(control.flat()).accuracy).toBe(0.5);
});

test('a style with a decoder of its own is told by that', async () => {
  const own = await PassageDecoder.open(tiny.ownDecoder, RUNTIME);
  const wanted = await own.tell(Float32Array.from((await toldFrom('own')).flat()), styleTellingSchema.parse(SETTINGS).decoding);
  await own.dispose();
  const told = await tell('own');
  expect(told.map(({ tokens }) => tokens)).toEqual(wanted.map(([best]) => best!.tokens));
  for (const [i, { nll }] of told.entries()) expect(nll).toBeCloseTo(-wanted[i]![0]!.logProbability, 4);
  expect(await decoderFolder(tiny.storyteller, (await findStyle(tiny.storyteller, 'own')).style, tiny.at('storyteller/styles/own'))).toBe(tiny.at('storyteller/styles/own/decoder'));
  // The same vectors, the decoder of all styles.
  expect(told.map(({ tokens }) => tokens)).not.toEqual((await tell('fairytale')).map(({ tokens }) => tokens));
});

test('blends: weights are scaled, "none" and blends take part, decoders are lent on request', async () => {
  const { style } = await findStyle(tiny.storyteller, 'mixed');
  expect([style.blend, style.passages, style.decoder]).toEqual([[{ style: 'fairytale', weight: 0.75 }, { style: 'logbook', weight: 0.25 }], null, null]);
  const [{ style: fairytale }, { style: logbook }] = [await findStyle(tiny.storyteller, 'fairytale'), await findStyle(tiny.storyteller, 'logbook')];
  expectClose([[...style.passageMean], [...style.captionMean]], [combined([0.75, [...fairytale.passageMean]], [0.25, [...logbook.passageMean]]), [...fairytale.captionMean]]);
  const half = await addBlend(tiny.storyteller, 'half', [{ style: 'fairytale', weight: 2 }, { style: 'none', weight: 2 }], 'own');
  expectClose([[...half.passageMean], [...half.captionMean]], [fairytale.passageMean, fairytale.captionMean].map((vector) => Array.from(vector, (x) => x / 2)));
  expectClose(await toldFrom('half'), await toldFrom('own', { ...SETTINGS, strength: 0.5 }));
  expect((await tell('half')).map(({ tokens }) => tokens)).toEqual((await tell('own', { settings: { ...SETTINGS, strength: 0.5 } })).map(({ tokens }) => tokens));

  const refused = (parts: [string, number][], name = 'x', decoder?: string): Promise<unknown> => addBlend(tiny.storyteller, name, parts.map(([style, weight]) => ({ style, weight })), decoder);
  await expect(refused([['fairytail', 1]])).rejects.toThrow('there is no style fairytail: did you mean fairytale?');
  await expect(refused([['zzz', 1]])).rejects.toThrow('there is no style zzz: choose from fairytale, half, logbook, mixed, own');
  await expect(refused([['fairytale', 0]])).rejects.toThrow(UserError);
  await expect(refused([['fairytale', -1], ['logbook', 1]])).rejects.toThrow('x: the weights of a blend must have a sum above 0, not 0');
  await expect(refused([['fairytale', 1]], '../x')).rejects.toThrow('../x: a style\'s name has letters');
  await expect(refused([['fairytale', 1]], 'none')).rejects.toThrow('none: means no style at all');
  await expect(refused([['fairytale', 1]], 'x', 'logbook')).rejects.toThrow('logbook: the style has no decoder of its own');
  await expect(findStyle(tiny.storyteller, 'x')).rejects.toThrow('there is no style x');
  await expect(storyteller.tell(vectors, tiny.photos, 'logbok', SETTINGS)).rejects.toThrow('did you mean logbook?');
});

/** A moderator that flags what `test` says. */
function flagging(test: (text: string) => boolean): Moderator & { readonly asked: string[] } {
  const asked: string[] = [];
  return { name: 'the test', asked, review: (text) => (asked.push(text), Promise.resolve({ flagged: test(text), reasons: test(text) ? ['no'] : [] })) };
}

async function opened<T>(options: OpenStyleOptions, use: (teller: StyleStoryteller) => Promise<T>): Promise<T> {
  const teller = await StyleStoryteller.open(tiny.storyteller, { runtime: RUNTIME, ...options });
  try {
    return await use(teller);
  } finally {
    await teller.dispose();
  }
}

test('moderation: the next beam, then a search with beam 50, then none', async () => {
  const [plain] = await tell('fairytale', { count: 1 });
  const only = { count: 1 };
  const second = await opened({ passages: flagging((text) => text === plain!.text) }, async (teller) => (await tell('fairytale', { ...only, teller }))[0]!);
  expect(second.text).not.toBe(plain!.text);
  expect(second.nll).toBeGreaterThan(plain!.nll!);
  // Beams that read the same are one text.
  expect(new Set(second.rejected.map(({ text }) => text))).toEqual(new Set([plain!.text]));
  expect(second.rejected[0]!.reasons).toEqual(['no']);

  const decode = vi.spyOn(PassageDecoder.prototype, 'tell');
  const first = flagging(() => true);
  const none = await opened({ passages: first }, async (teller) => (await tell('fairytale', { ...only, teller }))[0]!);
  expect(none).toMatchObject({ text: null, tokens: [], nll: null });
  expect(decode.mock.calls.map(([, { beam }]) => beam)).toEqual([5, 50]);
  expect(none.captions).toHaveLength(K);
  expect(none.rejected.length).toBeGreaterThan(5);
  // The wider search is used where all of the first are flagged.
  const five = new Set(none.rejected.slice(0, 5).map(({ text }) => text));
  const wider = await opened({ passages: flagging((text) => five.has(text)) }, async (teller) => (await tell('fairytale', { ...only, teller }))[0]!);
  expect(wider.text).not.toBeNull();
  expect(five.has(wider.text!)).toBe(false);
  expect(wider.rejected.length).toBeGreaterThanOrEqual(5);
  // A beam that is wide already is not searched again.
  decode.mockClear();
  await opened({ passages: flagging(() => true) }, (teller) => tell('fairytale', { ...only, teller, settings: { ...SETTINGS, decoding: { ...SETTINGS.decoding, beam: 50 } } }));
  expect(decode).toHaveBeenCalledTimes(1);
  decode.mockRestore();
});

test('barred captions make room for the next; where all near ones are barred the photo has no passage, and the others have', async () => {
  const all = (await tell('none', { settings: { ...SETTINGS, captions: 1000 } })).map(({ captions }) => captions);
  const barred = new Set(all[0]!.slice(0, 3).map(({ text }) => text));
  const found = await opened({ captions: flagging((text) => barred.has(text)) }, async (teller) => (await tell('none', { count: 1, teller }))[0]!.captions);
  expect(found).toEqual(all[0]!.slice(3, 3 + K));
  // Four times k are looked at: k = 2, so the eight nearest of the first photo.
  const eight = new Set(all[0]!.slice(0, 8).map(({ text }) => text));
  const other = all.findIndex((captions) => captions.slice(0, 8).some(({ text }) => !eight.has(text)));
  const told = await opened({ captions: flagging((text) => eight.has(text)) }, (teller) =>
    teller.tell([vectors[0]!, vectors[other]!], ['a.jpg', 'b.jpg'], 'none', { ...SETTINGS, captions: 2 }));
  expect(told[0]).toBeInstanceOf(UserError);
  expect((told[0] as UserError).message).toBe('a.jpg: its 8 nearest captions are all barred by the test: bar less, or give the storyteller other captions');
  expect((told[1] as StyledPassage).text).not.toBeNull();
});

test('text: readable, lines of a lyric, tokens as they are; sampling is repeatable, whatever is told with it', async () => {
  const [tokens] = await tell('fairytale', { count: 1, settings: { ...SETTINGS, text: POSTPROCESSING.none } });
  expect(tokens!.text).toBe(tokens!.tokens.join(' '));
  const [readable] = await tell('fairytale', { count: 1 });
  expect(readable!.text).toMatch(/^[A-Z'"].*[.!?'"]$/s);
  const lyrics = await tell('logbook', { settings: { ...SETTINGS, text: { ...POSTPROCESSING.lyric, line_words: 4 } } });
  const lines = lyrics.flatMap(({ text }) => text!.split('\n'));
  expect(lines.length).toBeGreaterThan(lyrics.length);
  expect(lines.every((line) => line.split(' ').length <= 4 && !line.endsWith(','))).toBe(true);

  const settings = { ...SETTINGS, decoding: { strategy: 'sample', min_words: 6, max_words: 16 } } as const;
  const together = await tell('fairytale', { settings });
  expect(new Set(together.map(({ text }) => text)).size).toBe(together.length);
  const [alone] = await storyteller.tell([vectors[5]!], [tiny.photos[5]!], 'fairytale', settings);
  expect((alone as StyledPassage).tokens).toEqual(together[5]!.tokens);
  const [seeded] = await tell('fairytale', { count: 1, settings: { ...settings, decoding: { ...settings.decoding, seed: 2 } } });
  expect(seeded!.tokens).not.toEqual(together[0]!.tokens);
});

test('features are told like photo files; those of another CNN are refused', async () => {
  const table = await openFeatures(tiny.features);
  const found = await storyteller.featureVectors(table.rows(table.ids), { path: tiny.features, size: table.size, fingerprint: table.fingerprint });
  expectClose(found.map((row) => [...row]), table.ids.map((id) => [...vectors[tiny.photos.findIndex((path) => path.includes(id))]!]));
  await expect(storyteller.featureVectors(new Float32Array(4), { path: 'other.h5', size: 4, fingerprint: 'x' })).rejects.toThrow(/^other\.h5: features of another CNN/);
  table.close();
});

test('building a style again replaces it; captions of its own give another c', async () => {
  const own = tiny.at('other.txt');
  await writeFile(own, ['a cat sleeps on the table .', 'two men ride bicycles .'].join('\n'));
  await writeFile(tiny.at('other.json'), JSON.stringify([{ id: 1, captions: ['a cat sleeps .', 'the cat'] }]));
  const built = await addStyle(tiny.storyteller, { name: 'own-captions', passages: [own], captions: [tiny.at('other.json')], filter: { ...FILTER, longer_than: 0 }, runtime: RUNTIME });
  expect([built.passages!.count, built.captions!.count]).toEqual([2, 2]);
  const encoder = await openSentenceEncoder(encoderFolder(tiny.storyteller), RUNTIME);
  expectClose([[...built.captionMean]], [mean(rows(await encoder.encode(['a cat sleeps .', 'the cat']), encoder.size))]);
  await encoder.dispose();
  const again = await addStyle(tiny.storyteller, { name: 'own-captions', passages: [tiny.passages.logbook], captions: [], filter: FILTER, runtime: RUNTIME });
  expect((await findStyle(tiny.storyteller, 'own-captions')).style).toEqual(again);
});
