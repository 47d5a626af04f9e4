import { test } from 'vitest';
import { tinyStoryteller } from './tinystoryteller.ts';
import { StyleStoryteller } from '../../src/style/storyteller.ts';
import { fabula } from '../cli/fabula.ts';
import { trainGenreClassifier } from '../../src/evaluation/genre.ts';
import { bookText } from '../../src/data/storybook/books.ts';
import { STYLES } from '../../src/data/storybook/styles.ts';
import { splitWords, tokenize } from '../../src/text/tokenizer.ts';

test('x', async () => {
  const epochs = Number(process.env.EP ?? 1);
  const t0 = Date.now();
  const t = await tinyStoryteller({ epochs, book: Number(process.env.PA ?? 40) });
  console.error('fixture', Date.now() - t0, t.photos.length, t.folder);
  const texts = (['fairytale', 'logbook'] as const).flatMap((genre) => [...bookText(STYLES[genre], { seed: 99, passages: 200 })].join('\n').split('\n\n').map((p) => ({ text: tokenize(p), genre, n: tokenize(p).length })));
  const classifier = trainGenreClassifier(texts);
  const s = await StyleStoryteller.open(t.storyteller, { runtime: { threads: 1 } });
  const v = await s.photoVectors(t.photos);
  for (const style of ['fairytale', 'logbook', 'none', 'mixed', 'own']) {
    const t1 = Date.now();
    const told = await s.tell(v, t.photos, style, { captions: 10, decoding: { beam: 5, min_words: 5, max_words: 30 } });
    const n: Record<string, number> = {};
    for (const p of told) { if (p instanceof Error) { console.error(p.message); continue; } const g = p.text === null ? 'null' : classifier.classify(p.tokens).genre; n[g] = (n[g] ?? 0) + 1; }
    console.error(style, JSON.stringify(n), Date.now() - t1, told.slice(0, 3).map((p: any) => p.text));
  }
  await s.dispose();
  for (const words of [['list', '-s', t.storyteller], ['tell', t.photos[0]!, '-s', t.storyteller, '--style', 'fairytale', '--beam', '5', '--threads', '1']]) console.error(await fabula('style', ...words));
}, 120_000);
